using System.Collections.Immutable;
using Gatehouse.Cluster.Applying;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Printing;

namespace Gatehouse.Wizard;

/// <summary>A plan in plain words, for somebody who is about to say yes to it.</summary>
internal static class PlanWords
{
    /// <summary>The sentences.</summary>
    public static ImmutableArray<string> Of(Plan plan, RenderedNode node)
    {
        if (plan.IsEmpty)
            return ["Nothing would change: the host already matches the answers."];
        var lines = ImmutableArray.CreateBuilder<string>();
        var puts = plan.Of<PutEntry>().ToArray();
        if (plan.Of<InstallPackages>().FirstOrDefault() is { } install)
            lines.Add($"{Count(install.Names.Length, "Debian package")} will be installed: {string.Join(", ", install.Names)}.");
        // As the list of files shows them: directories are counted by themselves.
        lines.AddRange(Changes("Files", [.. puts.Where(FileDiff.Has)]));
        lines.AddRange(Changes("Directories", [.. puts.Where(p => !FileDiff.Has(p))]));
        if (puts.Count(p => p.Edited) is > 0 and var edited)
            lines.Add(
                $"{Count(edited, "file")} of these {(edited == 1 ? "was" : "were")} edited by hand; 'gatehouse rollback' restores the "
                    + $"{(edited == 1 ? "edit" : "edits")}."
            );
        foreach (var (verb, words) in Verbs)
            if (
                Actions(plan).Where(a => a.Verb == verb).Select(a => Name(a.Unit)).Distinct(StringComparer.Ordinal).ToArray() is
                { Length: > 0 } units
            )
                lines.Add($"{words}: {string.Join(", ", units)}.");
        lines.Add(MailInterruption(plan));
        lines.Add(
            HasServices(plan)
                ? $"Before any file is put in place, {Count(plan.In(Phase.Check).Count(), "check")} must pass; afterwards "
                    + $"{Count(plan.In(Phase.Verify).Count(), "verification")} must pass, or everything is rolled back."
                : $"Before any file is put in place, {Count(plan.In(Phase.Check).Count(), "check")} must pass."
        );
        foreach (var path in node.Overridden)
            lines.Add($"This site's own template is used: {Shipped.SiteTemplates}/{path}.");
        return lines.ToImmutable();
    }

    /// <summary>What is said when an apply had been cut off before.</summary>
    public const string Recovered = "An earlier apply was interrupted; its changes have been rolled back.";

    /// <summary>Whether mail stops while the plan is applied.</summary>
    public static string MailInterruption(Plan plan) =>
        !HasServices(plan)
            ? "No service runs in a tree; its files are written and checked."
            : Actions(plan)
                .FirstOrDefault(a => a.Unit == "exim4.service" && a.Verb is UnitVerb.Start or UnitVerb.Stop or UnitVerb.Restart)
                ?.Verb switch
            {
                UnitVerb.Start => "Mail is accepted as soon as Exim starts.",
                UnitVerb.Stop => "Mail is no longer accepted.",
                UnitVerb.Restart => "Mail is interrupted for about a second.",
                _ => "Mail is not interrupted.",
            };

    private static IEnumerable<string> Changes(string what, PutEntry[] puts)
    {
        (int Number, string Words)[] counts =
        [
            (puts.Count(p => FileDiff.Word(p) == "new"), "created"),
            (puts.Count(p => FileDiff.Word(p) == "changed"), "changed"),
            (puts.Count(p => FileDiff.Word(p) == "removed"), "removed"),
        ];
        if (puts.Length > 0)
            yield return $"{what}: {string.Join(", ", counts.Where(c => c.Number > 0).Select(c => $"{c.Number} will be {c.Words}"))}.";
    }

    // A unit that stops and starts again restarts, to the reader.
    private static IEnumerable<UnitAction> Actions(Plan plan)
    {
        var actions = plan.Of<UnitAction>().ToArray();
        var started = actions.Where(a => a.Verb == UnitVerb.Start).Select(a => a.Unit).ToHashSet(StringComparer.Ordinal);
        var both = actions
            .Where(a => a.Verb == UnitVerb.Stop && started.Contains(a.Unit))
            .Select(a => a.Unit)
            .ToHashSet(StringComparer.Ordinal);
        return actions
            .Where(a => a.Verb != UnitVerb.Stop || !both.Contains(a.Unit))
            .Select(a => a.Verb == UnitVerb.Start && both.Contains(a.Unit) ? a with { Verb = UnitVerb.Restart } : a);
    }

    private static bool HasServices(Plan plan) => plan.In(Phase.Verify).Any();

    private static ImmutableArray<(UnitVerb Verb, string Words)> Verbs { get; } =
    [
        (UnitVerb.Start, "Services that start"),
        (UnitVerb.Restart, "Services that restart"),
        (UnitVerb.Reload, "Services that reload their configuration without stopping"),
        (UnitVerb.Stop, "Services that stop"),
    ];

    private static string Name(string unit) => unit.EndsWith(".service", StringComparison.Ordinal) ? unit[..^8] : unit;

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";
}
