using System.Collections.Immutable;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Golden;

/// <summary>
/// A folder with <c>answers.yaml</c> and what must come of it below <c>expected/</c>. Beside them may lie what the answers
/// name: <c>outside/PATH</c> (readable by its owner alone), <c>outside-open/PATH</c> (readable by others),
/// <c>variables/NAME</c>, <c>sealed/NAME</c>; a file <c>answers-open</c> means that others can read the answers.
/// </summary>
internal sealed class GoldenCase(string directory)
{
    public static IEnumerable<string> Names(string under, string marker = "answers.yaml") =>
        Directory
            .GetDirectories(Path.Combine(Repository.Golden, under))
            .Where(d => File.Exists(Path.Combine(d, marker)))
            .Select(d => Path.GetFileName(d))
            .Order(StringComparer.Ordinal);

    public static GoldenCase Of(string under, string name) => new(Path.Combine(Repository.Golden, under, name));

    public byte[] Bytes => File.ReadAllBytes(At("answers.yaml"));

    public GatewaySettings? Resolve(out Report report) => Resolve(Bytes, out report);

    public GatewaySettings? Resolve(byte[] bytes, out Report report)
    {
        report = new Report();
        var answers = AnswerFile.Read("answers.yaml", bytes, Samples.Screens, report);
        var things = ImmutableDictionary.CreateBuilder<(WantedKind, string), Found>();
        foreach (var wanted in Probe.For(Samples.Screens, answers))
            if (Look(wanted) is { } found)
                things[(wanted.Kind, wanted.Name)] = found;
        return Resolver.Resolve(
            Samples.Screens,
            answers,
            new Inputs(Samples.Facts, !File.Exists(At("answers-open")), things.ToImmutable()),
            report
        );
    }

    /// <summary>Compares with what is expected, or rewrites it.</summary>
    public void Expect(string file, string actual)
    {
        var path = At("expected", file.TrimStart('/'));
        if (Repository.Accepts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} is missing. GATEHOUSE_ACCEPT=1 writes it.");
        Assert.Equal(File.ReadAllText(path), actual);
    }

    /// <summary>Compares the list of expected files below a folder, or takes away those that are not expected any more.</summary>
    public void ExpectOnly(string folder, IEnumerable<string> files)
    {
        var wanted = files.Select(f => Path.Combine(At("expected", folder), f.TrimStart('/'))).Order(StringComparer.Ordinal).ToArray();
        var there = Directory
            .EnumerateFiles(At("expected", folder), "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (Repository.Accepts)
            foreach (var stale in there.Except(wanted))
                File.Delete(stale);
        else
            Assert.Equal(wanted, there);
    }

    private Found? Look(Wanted wanted)
    {
        if (wanted.Kind == WantedKind.Prompt)
            return null;
        if (wanted.Kind == WantedKind.Variable)
            return File.Exists(At("variables", wanted.Name))
                ? Of(At("variables", wanted.Name), true)
                : new Found(null, true, "is not set in the environment");
        if (wanted.Kind == WantedKind.Sealed)
            return File.Exists(At("sealed", wanted.Name))
                ? Of(At("sealed", wanted.Name), true)
                : new Found(null, true, "does not exist", Missing: true);
        var name = wanted.Name.TrimStart('/');
        return File.Exists(At("outside", name)) ? Of(At("outside", name), true)
            : File.Exists(At("outside-open", name)) ? Of(At("outside-open", name), false)
            : new Found(null, true, "does not exist", Missing: true);
    }

    private static Found Of(string path, bool ownerOnly) => new([.. File.ReadAllBytes(path)], ownerOnly);

    private string At(params string[] parts) => Path.Combine([directory, .. parts]);
}
