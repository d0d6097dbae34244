using System.Collections.Immutable;
using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Settings;

/// <summary>Something outside the answer file that the answers name: the edge reads it, <see cref="Resolver"/> judges it.</summary>
/// <param name="Kind">What to read.</param>
/// <param name="Name">Path of the file, name of the variable, path of the field that is prompted for, or name of the secret.</param>
/// <param name="Path">The field that names it.</param>
/// <param name="Origin">Where it is named.</param>
public sealed record Wanted(WantedKind Kind, string Name, string Path, Origin? Origin)
{
    /// <summary>What a prompt says; empty for the other kinds.</summary>
    public string Question { get; init; } = "";
}

/// <summary>Where a wanted value comes from.</summary>
public enum WantedKind
{
    /// <summary>A file of the machine.</summary>
    File,

    /// <summary>An environment variable.</summary>
    Variable,

    /// <summary>A question on the terminal.</summary>
    Prompt,

    /// <summary>A secret that the cluster keeps sealed, and hands to its members opened.</summary>
    Sealed,
}

/// <summary>What was found for a <see cref="Wanted"/>.</summary>
/// <param name="Content">The bytes; null when there is nothing.</param>
/// <param name="OwnerOnly">Whether nobody but the owner (and root) can read the file.</param>
/// <param name="Problem">Why there is nothing.</param>
/// <param name="Missing">Whether there is no such file, rather than one that cannot be read.</param>
public sealed record Found(ImmutableArray<byte>? Content, bool OwnerOnly = true, string Problem = "", bool Missing = false);

/// <summary>Everything from outside that resolving needs besides the answers.</summary>
/// <param name="Facts">The machine.</param>
/// <param name="AnswersOwnerOnly">Whether only its owner can read the answer file.</param>
/// <param name="Things">What was found, by kind and name.</param>
public sealed record Inputs(Facts Facts, bool AnswersOwnerOnly, ImmutableDictionary<(WantedKind Kind, string Name), Found> Things)
{
    /// <summary>Inputs without anything named in the answers.</summary>
    public static Inputs Of(Facts facts, bool answersOwnerOnly = true) =>
        new(facts, answersOwnerOnly, ImmutableDictionary<(WantedKind, string), Found>.Empty);

    /// <summary>The text of a file that the answers name; null when there is none.</summary>
    public string? TextOf(string file) =>
        Things.TryGetValue((WantedKind.File, file), out var found) && found.Content is { } bytes
            ? Encoding.UTF8.GetString(bytes.AsSpan())
            : null;
}

/// <summary>Lists what the answers name outside themselves.</summary>
public static class Probe
{
    /// <summary>The files, variables, prompts and secrets to read before resolving. What is for other profiles is left alone.</summary>
    public static ImmutableArray<Wanted> For(ScreenSet screens, Answers answers)
    {
        var wanted = ImmutableArray.CreateBuilder<Wanted>();
        var named = answers["system.profile"];
        var profile = Profile.Find(
            named is null ? screens.Fields.First(f => f.Path == "system.profile").Default ?? "" : (named as Scalar)?.Text ?? ""
        );
        foreach (var field in screens.Fields.Where(f => profile is null || screens.Serves(f, profile)))
        {
            var node = answers[field.Path];
            if (field.Kind.Name == "password" && node is Mapping { Entries: [{ Value: Scalar value } only] })
            {
                var kind = only.Key switch
                {
                    "file" => WantedKind.File,
                    "env" => WantedKind.Variable,
                    "prompt" => WantedKind.Prompt,
                    "sealed" when SealedName.IsValid(value.Text) => WantedKind.Sealed,
                    _ => (WantedKind?)null,
                };
                // Labels are for people, and several fields have the same one.
                if (kind == WantedKind.Prompt)
                    wanted.Add(new Wanted(WantedKind.Prompt, field.Path, field.Path, value.Origin) { Question = Question(screens, field) });
                else if (kind is { } k)
                    wanted.Add(new Wanted(k, value.Text, field.Path, value.Origin));
            }
            else if (field.Kind.Name == "timezone" && node is Scalar zone && field.Kind.Parse(zone.Text, field).Value is string name)
            {
                wanted.AddRange(ZoneDatabase.Wanted(name, field, zone.Origin));
            }
            else if (field.MustExist && node is Scalar path && field.Kind.Parse(path.Text, field).Value is string file)
            {
                wanted.Add(new Wanted(WantedKind.File, file, field.Path, path.Origin));
            }
        }

        return wanted.ToImmutable();
    }

    // "Redis password" alone does not say which Redis: the field that it belongs to does.
    private static string Question(ScreenSet screens, Field field)
    {
        var first = field;
        while (first.When is { } when && screens.Fields.FirstOrDefault(f => f.Path == when.Path) is { } other)
            first = other;
        return first == field ? field.Label : $"{first.Label}: {field.Label}";
    }
}
