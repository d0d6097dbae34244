using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Tests.Tui;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Wizard;

/// <summary>Starting and joining a cluster line by line.</summary>
public sealed class PlainTaskTests
{
    private static readonly string Code = TaskTests.TheCode.Text.Reveal();

    [Fact]
    public void A_cluster_is_started_as_far_as_the_question()
    {
        using var run = new PlainRun { IsHost = true };
        var before = run.Tree.Snapshot();
        var (code, text) = run.Go([
            "start",
            "example",
            "mail",
            "database",
            .. PlainRun.SystemScreen,
            .. PlainRun.ScannerScreen,
            "",
            .. PlainRun.MtaScreen,
            .. PlainRun.WebScreen[1..],
            .. PlainRun.ClusterScreens,
            "apply",
            "no",
            "!",
            "yes",
        ]);
        Assert.Equal(ExitCodes.Cancelled, code);
        Assert.Contains("2. Start a cluster. This host becomes the first node", text);
        Assert.Contains("Step 1 of 10: New cluster.", text);
        Assert.Contains("Error: The first node holds the cluster's registry", text);
        Assert.Contains("Step 10 of 10: Review.", text);
        Assert.Contains("This host becomes the first node of a new cluster, example.", text);
        Assert.Contains("! There is one node of type database.", text);
        Assert.Contains("Backend: node 1, mx1.example.org at 192.0.2.10, profile database: this host, votes, issuer.", Flat(text));
        Assert.Contains("Registry: 1 vote, none may fail.", text);
        Assert.Contains("be ready to store them.", Flat(text));
        Assert.Contains("Nothing has been changed; only 'yes' starts the apply.", text);
        Assert.Equal(before, run.Tree.Snapshot());
        Assert.Equal("start", run.Home.ReadDraft()!.Task);
    }

    [Fact]
    public void A_join_asks_for_a_member_and_the_code_and_repeats_no_code()
    {
        using var run = new PlainRun { IsHost = true };
        var before = run.Tree.Snapshot();
        var (code, text) = run.Go(
            "join",
            "127.0.0.1:1",
            Code[..^1] + (Code[^1] == 'A' ? 'B' : 'A'),
            Code,
            "mx2.example.org",
            "192.0.2.11",
            "",
            "apply",
            "!",
            "yes",
            "no"
        );
        Assert.Equal(ExitCodes.Cancelled, code);
        Assert.Contains("Step 1 of 2: Cluster.", text);
        Assert.Contains("Error: Group 12 is mistyped; compare it with the join code that was shown.", text);
        Assert.Contains("Error: This host cannot join the cluster:", text);
        Assert.Contains("Join code: typed in", text);
        Assert.Contains("Error: Type one of: back, !.", text);
        Assert.DoesNotContain(Code[^11..], text);
        Assert.DoesNotContain(Code[^11..^1], text);
        Assert.Equal(before, run.Tree.Snapshot());
    }

    [Fact]
    public void A_code_is_kept_only_with_the_passwords()
    {
        using var run = new PlainRun { IsHost = true };
        run.Go("join", "192.0.2.10", Code, "!", "yes", "no");
        Assert.DoesNotContain(
            Directory.EnumerateFiles(run.Tree.Machine.Real("/"), "*", SearchOption.AllDirectories),
            f => File.ReadAllText(f).Contains(Code[^11..], StringComparison.Ordinal)
        );
        run.Go("1", "<", Code, "!", "yes", "yes");
        Assert.Equal(
            "secrets.json",
            Path.GetFileName(
                Assert.Single(
                    Directory.EnumerateFiles(run.Tree.Machine.Real("/"), "*", SearchOption.AllDirectories),
                    f => File.ReadAllText(f).Contains(Code[^11..], StringComparison.Ordinal)
                )
            )
        );
        var (_, text) = run.Go("1", "<");
        Assert.Contains("Join a cluster, at Cluster, ", text);
        Assert.Contains("[typed in]", text);
    }

    [Fact]
    public void A_join_that_has_its_certificate_is_gone_on_with_without_its_code()
    {
        using var run = new PlainRun { IsHost = true };
        run.Go("join", "192.0.2.10", Code, "!", "yes", "no");
        Directory.CreateDirectory(Path.GetDirectoryName(run.Tree.Machine.Real(JoinSequence.Granted))!);
        File.WriteAllText(run.Tree.Machine.Real(JoinSequence.Granted), "{}");
        var (_, text) = run.Go("!");
        Assert.Contains("1. Continue joining a cluster.", text);
        Assert.Contains("2. Join a cluster.", text);
        Assert.DoesNotContain("Continue where you stopped", text);
    }

    [Fact]
    public void Keys_go_to_a_file_where_nobody_reads_the_terminal()
    {
        using var run = new PlainRun();
        var keys = TaskFrameTests.TheKeys(run.Tree.Machine);
        var file = Path.Combine(run.Tree.Machine.Real("/"), "keys");
        var said = new StringWriter();
        new PlainKeys(new PlainTalk(new StringReader($"show\nsave\nsave {file}\n"), said, null, () => null), keys).Ask();
        Assert.Contains("Error: Type one of: save FILE.", said.ToString());
        Assert.DoesNotContain(keys.Token, said.ToString());
        Assert.Contains(keys.Token, File.ReadAllText(file));
        Assert.False(File.Exists(run.Tree.Machine.Real(ClusterFiles.MasterToken)));
    }

    [Fact]
    public void Keys_that_are_shown_are_asked_for()
    {
        using var run = new PlainRun();
        var keys = TaskFrameTests.TheKeys(run.Tree.Machine);
        var said = new StringWriter();
        new PlainKeys(new PlainTalk(new StringReader($"show\nwrong\n{keys.Token[^5..]}\n"), said, _ => { }, () => null), keys).Ask();
        Assert.Contains($"Master token:\n  {keys.Token}\n", said.ToString());
        Assert.Contains("Error: That is not the last group of the master token.", said.ToString());
        Assert.Contains("Clear this terminal", said.ToString());
        Assert.False(File.Exists(run.Tree.Machine.Real(ClusterFiles.MasterToken)));
    }

    [Fact]
    public void Keys_stay_on_the_host_while_nobody_has_them()
    {
        using var run = new PlainRun();
        var keys = TaskFrameTests.TheKeys(run.Tree.Machine);
        Assert.Throws<InputEndedException>(() =>
            new PlainKeys(new PlainTalk(new StringReader("show\n"), TextWriter.Null, _ => { }, () => null), keys).Ask()
        );
        Assert.True(MasterToken.TryRead(File.ReadAllText(run.Tree.Machine.Real(ClusterFiles.MasterToken)).Trim(), out var token, out _));
        Assert.Equal(keys.Token, token.Text.Reveal());
    }

    private static string Flat(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"\s+", " ");
}
