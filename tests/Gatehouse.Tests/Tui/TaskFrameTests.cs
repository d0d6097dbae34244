using System.Collections.Immutable;
using System.Net;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Wizard;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Terminal;
using Gatehouse.Tests.Support;
using Gatehouse.Tests.Wizard;
using Gatehouse.Tui;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>Starting and joining a cluster on 80x24.</summary>
public sealed class TaskFrameTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gatehouse-wizard").FullName;
    private readonly MemorySurface surface = new();
    private static readonly string Code = TaskTests.TheCode.Text.Reveal();

    [Fact]
    public void What_a_host_can_be_asked_to_do()
    {
        Assert.Throws<WizardEndedException>(() => Run(Keys.Of(Key.None)));
        FrameFile.Expect("start-host", surface);
    }

    [Fact]
    public void A_cluster_is_started_as_far_as_the_question()
    {
        Assert.Throws<WizardEndedException>(() => Run(Script()));
        Assert.False(File.Exists(Path.Combine(root, "etc/gatehouse/answers.yaml")));

        IEnumerable<Press> Script()
        {
            foreach (var press in Keys.Of(Key.None, Key.Down, Key.Enter, Key.None))
                yield return press;
            FrameFile.Expect("screen-start", surface);
            foreach (var press in Keys.Type("example").Concat(Keys.Of(Key.Tab)).Concat(Keys.Type(" n\n")).Concat(Pause()))
                yield return press;
            FrameFile.Expect("mistake-start.profile", surface);
            foreach (var press in Keys.Type(" d\n").Concat(Keys.Of(Key.PageDown, Key.None)))
                yield return press;
            Assert.True(surface.Shows("> 2 System"), surface.Frame);
            // What is for nodes of other duties is asked here as well: the settings are the cluster's.
            foreach (var press in Keys.Of(Key.PageDown, Key.PageDown, Key.None, Key.PageDown, Key.None))
                yield return press;
            Assert.True(surface.Shows("!! A value is needed here"), surface.Frame);
            foreach (
                var press in Keys.Type("postmaster@example.com")
                    .Concat(Keys.Of(Key.PageDown, Key.PageDown, Key.PageDown, Key.PageDown, Key.PageDown, Key.PageDown))
                    .Concat(Keys.Until(surface, "What will happen"))
            )
                yield return press;
            FrameFile.Expect("review-start", surface);
            foreach (var press in Keys.Of(Key.PageDown, Key.None))
                yield return press;
            FrameFile.Expect("review-start-map", surface);
            foreach (var press in Keys.Of(Key.Home, Key.None))
                yield return press;
            foreach (var press in Keys.Of(Key.Enter, Key.None))
                yield return press;
            FrameFile.Expect("apply-question-start", surface);
            foreach (
                var press in Keys.Of(Key.Escape, Key.Left, Key.Enter, Key.Kill)
                    .Concat(Keys.Type($"{root}/answers\n"))
                    .Concat(Keys.Of(Key.None))
            )
                yield return press;
            Assert.True(surface.Shows("starts a cluster with them"), surface.Frame);
        }
    }

    [Fact]
    public void A_code_is_judged_while_it_is_typed()
    {
        Assert.Throws<WizardEndedException>(() => Run(Script()));
        var draft = File.ReadAllText(Path.Combine(root, "var/lib/gatehouse/setup/draft.json"));
        Assert.Contains("\"Task\": \"join\"", draft, StringComparison.Ordinal);
        Assert.DoesNotContain(Code[^11..], draft, StringComparison.Ordinal);

        IEnumerable<Press> Script()
        {
            foreach (var press in Keys.Of(Key.None, Key.Down, Key.Down, Key.Enter, Key.None))
                yield return press;
            FrameFile.Expect("screen-join", surface);
            foreach (var press in Keys.Type("127.0.0.1:1").Concat(Keys.Of(Key.Tab)).Concat(Keys.Type(Code[..14])).Concat(Pause()))
                yield return press;
            FrameFile.Expect("code-unfinished", surface);
            foreach (var press in Keys.Of(Key.Kill).Concat(Keys.Type($"{Code[6..11]}-{Code[..5]}-")).Concat(Pause()))
                yield return press;
            FrameFile.Expect("code-mistyped", surface);
            foreach (
                var press in Keys.Of(Key.Kill)
                    .Concat(Keys.Type(Code))
                    .Concat(Keys.Of(Key.PageDown))
                    .Concat(Keys.Until(surface, "cannot join the cluster:"))
            )
                yield return press;
            FrameFile.Expect("review-join-nobody", surface);
            foreach (var press in Keys.Of(Key.Enter, Key.Escape, Key.None))
                yield return press;
            Assert.True(surface.Shows("[Keep passwords]"), surface.Frame);
        }
    }

    [Theory]
    [InlineData("join.address")]
    [InlineData("join.code")]
    public void The_help_of_a_tasks_field(string path)
    {
        var field = Samples.Screens.TaskScreens.SelectMany(s => s.Fields).First(f => f.Path == path);
        Wizards.Play(
            surface,
            new Stage(surface, () => { }),
            new TextPage(field.Label, FieldHelp.Of(field).Select(t => new TextRow(t)), ["Close"]),
            Keys.Of(Key.None)
        );
        FrameFile.Expect($"help-{path}", surface);
    }

    [Theory]
    [InlineData("well")]
    [InlineData("refused")]
    public void What_joining_means_is_told_before_it_is_begun(string how)
    {
        var host = new JoiningHost(
            "mx2.example.org",
            IPAddress.Parse("192.0.2.11"),
            "",
            new Answers("join", ImmutableSortedDictionary<string, Node>.Empty)
        );
        ImmutableArray<JoinFinding> findings =
            how == "well"
                ? []
                :
                [
                    new(
                        true,
                        "way-back",
                        "The issuer cannot reach this host at 192.0.2.11, port 1028: it does not answer. Open TCP 1028 to it from the "
                            + "cluster, or name another address with --address."
                    ),
                ];
        ImmutableArray<LinkSample> links =
        [
            new(new Neighbour("mx1.example.org", IPAddress.Parse("192.0.2.10"), 1028, "full"), 8, [TimeSpan.FromMilliseconds(1.5)], 8),
        ];
        var meeting = new JoinMeeting(
            "example",
            "192.0.2.10:1028",
            TaskTests.TheCode.Pin,
            host,
            new JoinOutlook(findings, links, ["the configuration of nginx; 'gatehouse rollback 0' puts it back"]) { Profile = "mail" },
            Samples.Templates.PackagesOf(Profile.Find("mail")!)
        );
        TextRow[] text =
        [
            .. meeting.Lines(Samples.Screens).Select(l => new TextRow($"  {l.Text}")),
            .. meeting.Picture is { } picture ? TextRows.Of(picture) : [],
        ];
        Wizards.Play(
            surface,
            new Stage(surface, () => { }),
            new ReviewPage(
                "Review",
                "mx2",
                () => [new StepMark("Cluster", StepState.Done), new StepMark("Review", StepState.Current)],
                ["Back"],
                0,
                text,
                _ => false
            ),
            Keys.Of(Key.None),
            Pages()
        );
        Assert.Equal(how == "well", meeting.Picture is not null);

        IEnumerable<Press> Pages()
        {
            FrameFile.Expect($"review-join-{how}", surface);
            if (how != "well")
                yield break;
            foreach (var press in Keys.Of(Key.End, Key.None))
                yield return press;
            FrameFile.Expect("review-join-map", surface);
        }
    }

    [Fact]
    public void A_sequence_shows_its_parts_and_their_phases()
    {
        var stage = new Stage(surface, () => { });
        using var run = new ApplyRun(new Wizards.StillClock());
        var done = new TaskCompletionSource<ApplyResult>();
        run.Begin(ct => done.Task.WaitAsync(ct));
        surface.Script = Script().GetEnumerator();
        stage.Show(new ApplyPage(stage, run, null, "mx1", () => [new StepMark("Review", StepState.Current)]));

        IEnumerable<Press> Script()
        {
            var step = new RunVerification(
                new RenderedVerification(
                    "agent",
                    new Verification("the agent answers", "unit", ImmutableSortedDictionary<string, string>.Empty, TimeSpan.Zero, "")
                )
            );
            run.Note("Making the cluster's trust");
            run.Note("Setting up this node");
            run.Begin(Phase.Packages, 1);
            run.Begin(Phase.Verify, 8);
            run.Done(step, true, "", TimeSpan.Zero);
            yield return new Press(Key.None);
            yield return new Press(Key.None);
            FrameFile.Expect("applying-parts", surface);
            yield return new Press(Key.Help);
            yield return new Press(Key.None);
            FrameFile.Expect("applying-parts-help", surface);
            yield return new Press(Key.Enter);
            yield return new Press(Key.Escape);
            yield return new Press(Key.None);
            FrameFile.Expect("applying-parts-stop", surface);
            foreach (var press in Keys.Of(Key.Right, Key.Enter))
                yield return press;
            while (true)
                yield return new Press(Key.None);
        }
    }

    [Fact]
    public void The_keys_of_a_new_cluster_leave_the_screen_when_they_are_kept()
    {
        var keys = TheKeys(new LocalMachine(root));
        var context = Context();
        surface.Script = Script().GetEnumerator();
        new TuiKeys(context, keys).Show();
        Assert.False(File.Exists(Path.Combine(root, "var/lib/gatehouse/cluster/master-token")));

        IEnumerable<Press> Script()
        {
            yield return new Press(Key.None);
            FrameFile.Expect("keys", surface);
            // Esc is too near to what everybody presses.
            foreach (var press in Keys.Of(Key.Escape, Key.None))
                yield return press;
            Assert.True(surface.Shows(keys.Token), surface.Frame);
            foreach (var press in Keys.Of(Key.Enter, Key.None))
                yield return press;
            FrameFile.Expect("keys-question", surface);
            foreach (var press in Keys.Type("AAAAA\n").Concat(Keys.Of(Key.None)))
                yield return press;
            FrameFile.Expect("keys-question-wrong", surface);
            Assert.True(File.Exists(Path.Combine(root, "var/lib/gatehouse/cluster/master-token")));
            foreach (var press in Keys.Of(Key.Escape, Key.None))
                yield return press;
            Assert.True(surface.Shows(keys.Token), surface.Frame);
            foreach (var press in Keys.Of(Key.Enter).Concat(Keys.Type($"{keys.Token[^5..].ToLowerInvariant()}\n")))
                yield return press;
        }
    }

    [Fact]
    public void The_keys_of_a_new_cluster_can_go_to_a_file()
    {
        var keys = TheKeys(new LocalMachine(root));
        var file = Path.Combine(root, "keys");
        surface.Script = Keys.Of(Key.Right, Key.Enter, Key.None, Key.Kill)
            .Concat(Keys.Type($"{file}\n"))
            .Concat(Keys.Of(Key.None, Key.Enter))
            .GetEnumerator();
        new TuiKeys(Context(), keys).Show();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Contains($"Master token:   {keys.Token}\n", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(root, "var/lib/gatehouse/cluster/master-token")));
        Assert.Throws<IOException>(() => keys.Save(file));
    }

    [Fact]
    public void A_member_brings_further_nodes_in()
    {
        using var only = SetupLock.TryTake(new SetupHome(new LocalMachine(root)), "/dev/tty1")!;
        surface.Script = Script().GetEnumerator();
        new TuiNodes(Context(), only).Show("example");

        IEnumerable<Press> Script()
        {
            yield return new Press(Key.None);
            FrameFile.Expect("nodes", surface);
            foreach (var press in Keys.Of(Key.Enter, Key.None))
                yield return press;
            FrameFile.Expect("invite", surface);
            foreach (var press in Keys.Type("mx2\n").Concat(Keys.Of(Key.None)))
                yield return press;
            Assert.True(surface.Shows("!! Enter a fully qualified host name"), surface.Frame);
            foreach (var press in Keys.Type(".example.org\n").Concat(Keys.Of(Key.None)))
                yield return press;
            FrameFile.Expect("invite-profile", surface);
            foreach (var press in Keys.Of(Key.Enter).Concat(Keys.Until(surface, "No join code")))
                yield return press;
            foreach (
                var press in Keys.Of(Key.Enter, Key.Right, Key.Enter)
                    .Concat(Keys.Type("192.0.2.12 root@192.0.2.13\nm\n"))
                    .Concat(Keys.Of(Key.None))
            )
                yield return press;
            FrameFile.Expect("push", surface);
            foreach (var press in Keys.Of(Key.Right, Key.Enter, Key.Right, Key.Enter))
                yield return press;
        }
    }

    [Fact]
    public void A_join_code_says_what_to_do_with_it()
    {
        var text = NewNodes.Text(
            "mx2.example.org",
            "mail",
            "192.0.2.10",
            TaskTests.TheCode.Text,
            new DateTimeOffset(new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Local))
        );
        Wizards.Play(
            surface,
            new Stage(surface, () => { }),
            new TextPage("Join code", text.Select(l => new TextRow(l)), ["Close"]),
            Keys.Of(Key.None)
        );
        FrameFile.Expect("join-code", surface);
    }

    public void Dispose() => Directory.Delete(root, true);

    /// <summary>Keys that everybody may know, of a cluster that was started on a tree.</summary>
    internal static ClusterKeys TheKeys(LocalMachine machine)
    {
        Directory.CreateDirectory(machine.Real("/var/lib/gatehouse/cluster"));
        var token = MasterToken.Make([.. Enumerable.Range(1, MasterToken.RandomBytes).Select(i => (byte)(i * 13))]);
        File.WriteAllText(machine.Real(ClusterFiles.MasterToken), token.Text.Reveal());
        return new ClusterKeys(
            machine,
            "example",
            string.Concat(Enumerable.Repeat("0123456789ABCDEF", 4)),
            token,
            EncryptionKey.Make([.. Enumerable.Range(1, EncryptionKey.RandomBytes).Select(i => (byte)(i * 5))])
        );
    }

    private TuiContext Context() => new(Wizards.Session(root), new Stage(surface, () => { }), "mx1", () => []);

    // As long as an operator has to pause before words below the form change.
    private static IEnumerable<Press> Pause() => Enumerable.Repeat(new Press(Key.None), 6);

    private int Run(IEnumerable<Press> script)
    {
        var session = new SetupSession(new LocalMachine(root), TimeProvider.System, known: Wizards.Facts, isHost: true);
        using var only = SetupLock.TryTake(session.Home, "/dev/tty1") ?? throw new InvalidOperationException("the lock is held");
        surface.Script = script.GetEnumerator();
        return new TuiWizard(session, surface, only, "/dev/tty1", "mx1", () => null).Go();
    }
}
