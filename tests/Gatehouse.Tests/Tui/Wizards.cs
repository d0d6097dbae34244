using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Terminal;
using Gatehouse.Tests.Support;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;

namespace Gatehouse.Tests.Tui;

/// <summary>Wizards and their parts over the fixed facts of the tests.</summary>
internal static class Wizards
{
    /// <summary>A host that answers by itself what a host can.</summary>
    public static Facts Facts { get; } =
        Samples.Facts with
        {
            HostName = "mx1.example.org",
            Addresses = [IPAddress.Parse("192.0.2.10")],
            Network = IPNetwork.Parse("192.0.2.0/24"),
            Resolvers = [IPAddress.Parse("192.0.2.53")],
            TimeZone = "Europe/Berlin",
        };

    /// <summary>An interview of a profile that has a screen.</summary>
    public static Interview For(string screen) =>
        Interview(profile: Samples.Screens[screen] is { Clustered: true } ? "full" : "standalone");

    public static Interview Interview(string answers = "version: 1\n", Facts? facts = null, string profile = "standalone")
    {
        var report = new Report();
        var given = AnswerFile.Read("answers.yaml", System.Text.Encoding.UTF8.GetBytes(answers), Samples.Screens, report);
        Xunit.Assert.Empty(report);
        var interview = new Interview(Samples.Screens, facts ?? Facts, given, Nowhere, p => $"/etc/gatehouse/secrets/answers/{p}", profile);
        interview.Propose();
        return interview;
    }

    /// <summary>Nothing that answers name exists.</summary>
    public static ImmutableDictionary<(WantedKind Kind, string Name), Found> Nowhere(IEnumerable<Wanted> wanted) =>
        wanted
            .Where(w => !w.Name.StartsWith("/usr/share/zoneinfo/", StringComparison.Ordinal))
            .ToImmutableDictionary(w => (w.Kind, w.Name), _ => new Found(null, true, "does not exist"));

    /// <summary>Shows one screen and plays keys on it; the surface is left as it was at the end.</summary>
    public static FormPage Form(MemorySurface surface, Interview interview, string screen, params IEnumerable<Press>[] keys)
    {
        var stage = new Stage(surface, () => { });
        var form = new FormPage(stage, interview, Samples.Screens[screen]!, "mx1", () => Steps(interview, screen), visited: false);
        Play(surface, stage, form, keys);
        return form;
    }

    public static void Play(MemorySurface surface, Stage stage, Page page, params IEnumerable<Press>[] keys)
    {
        surface.Script = keys.SelectMany(k => k).GetEnumerator();
        try
        {
            stage.Show(page);
        }
        catch (WizardEndedException)
        {
            // The keys are used up.
        }
    }

    public static SetupSession Session(string root, Facts? facts = null, Answers? given = null, string saveTo = "") =>
        new(new LocalMachine(root), new FixedClock(), given, saveTo, facts ?? Facts);

    public static IReadOnlyList<StepMark> Steps(Interview interview, string current) =>
        [
            .. interview.Screens.Select(s => new StepMark(s.Title, s.Id == current ? StepState.Current : StepState.Open)),
            new StepMark("Review", StepState.Open),
        ];

    /// <summary>A clock that stands still: what is drawn must not depend on how busy the machine is.</summary>
    internal sealed class StillClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Samples.Now;
    }
}
