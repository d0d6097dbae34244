using System.Collections.Immutable;
using System.Net;
using System.Text;
using Gatehouse.Cluster.Joining;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Wizard;
using Gatehouse.Core.Yaml;
using Gatehouse.Tests.Support;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Wizard;

/// <summary>The tasks that start and join a cluster, as far as they are pure.</summary>
public sealed class TaskTests
{
    private static readonly Answers Nothing = new("setup", ImmutableSortedDictionary<string, Node>.Empty);

    /// <summary>A join code that everybody may know.</summary>
    internal static JoinCode TheCode { get; } =
        JoinCode.Make(
            [.. Enumerable.Range(1, JoinCode.RandomBytes).Select(i => (byte)(i * 7))],
            Pin.Read([.. Enumerable.Range(1, 16).Select(i => (byte)(i * 11))])
        );

    private static string Code => TheCode.Text.Reveal();

    [Theory]
    [InlineData(HostState.Bare, true, "gateway start join")]
    [InlineData(HostState.Bare, false, "gateway")]
    [InlineData(HostState.Gateway, true, "change start join")]
    [InlineData(HostState.Member, true, "change grow")]
    [InlineData(HostState.Unkept, true, "keep change")]
    [InlineData(HostState.Joining, true, "rejoin join")]
    public void What_is_offered_depends_on_the_host(HostState host, bool isHost, string tasks) =>
        Assert.Equal(tasks, string.Join(' ', WizardTask.For(host, isHost).Select(t => t.Id)));

    [Fact]
    public void The_fields_of_tasks_are_no_part_of_answer_files()
    {
        Assert.Equal(["join", "start"], Samples.Screens.TaskScreens.Select(s => s.Id).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(Samples.Screens.Screens, s => s.Task.Length > 0);
        var report = new Report();
        AnswerFile.Read("answers.yaml", Encoding.UTF8.GetBytes("version: 1\njoin:\n  code: X\n"), Samples.Screens, report);
        Assert.Equal("unknown-section", Assert.Single(report).Code);
        Assert.All(Samples.Screens.TaskScreens, s => Assert.NotNull(WizardTask.Find(s.Task)));
    }

    [Theory]
    [InlineData("full")]
    [InlineData("database")]
    [InlineData("backend")]
    public void Starting_a_cluster_asks_for_the_cluster_and_for_what_its_nodes_will_have_in_common(string profile)
    {
        const string screens = "start system scanner mta web cluster backend balancer addresses";
        var interview = Start();
        interview.Enter(Field("system.profile"), profile);
        Assert.Equal(screens, string.Join(' ', interview.Screens.Select(s => s.Id)));
        Assert.DoesNotContain(interview.Fields(interview.Screens[1]), f => f.Path == "system.profile");
    }

    [Theory]
    [InlineData("standalone")]
    [InlineData("node")]
    [InlineData("web")]
    public void A_profile_that_cannot_be_the_first_is_refused_at_the_field(string profile)
    {
        var interview = Start();
        interview.Enter(Field("system.profile"), profile);
        Assert.Contains(
            interview.FindingsOf(Field("system.profile")),
            f => f.Code == "not-first" && f.Message.Contains("backend, database, full", StringComparison.Ordinal)
        );
        Assert.True(interview.HasErrors(interview.Screens[0]));
        Assert.Null(interview.Settings);
    }

    [Fact]
    public void A_cluster_needs_a_name()
    {
        var interview = Start();
        Assert.Contains(interview.FindingsOf(Field("cluster.name")), f => f.Code == "missing");
        interview.Enter(Field("cluster.name"), "two words");
        Assert.Contains(interview.FindingsOf(Field("cluster.name")), f => f.Code == "bad-value");
        interview.Enter(Field("cluster.name"), "example");
        Assert.Empty(interview.FindingsOf(Field("cluster.name")));
    }

    [Fact]
    public void Joining_judges_what_it_asks_and_nothing_else()
    {
        var interview = Join();
        Assert.Equal(
            ["join.address", "join.code", "system.address", "system.name"],
            interview.Findings.Select(f => f.Path).Order(StringComparer.Ordinal)
        );
        interview.Enter(Field("join.address"), "192.0.2.10");
        interview.Enter(Field("join.code"), Code);
        interview.Enter(Field("system.name"), "mx2.example.org");
        interview.Enter(Field("system.address"), "192.0.2.11");
        Assert.Empty(interview.Findings);
        Assert.True(SetupSession.IsAnswered(WizardTask.Join, interview));
        Assert.False(SetupSession.IsAnswered(WizardTask.Start, interview));
    }

    [Fact]
    public void A_code_stays_out_of_drafts_answers_and_reviews()
    {
        var interview = Join();
        interview.Enter(Field("join.code"), Code);
        var draft = interview.Save(new Draft { Task = "join" });
        Assert.True(draft.HadSecrets);
        Assert.DoesNotContain(Code[^11..], Encoding.UTF8.GetString(draft.ToJson()), StringComparison.Ordinal);
        Assert.DoesNotContain(Code[^11..], AnswerWriter.Write(Samples.Screens, interview.Answers), StringComparison.Ordinal);
        Assert.DoesNotContain(ReviewText.Of(interview, null), l => l.Text.Contains(Code[^11..], StringComparison.Ordinal));
        Assert.Empty(interview.Secrets);

        // Kept only with the passwords, when the operator wants that.
        var again = Join();
        again.Restore(draft);
        Assert.Equal("", again.Text("join.code"));
        again.RestoreSecrets(interview.SaveSecrets());
        Assert.Equal(Code, again.Text("join.code"));
    }

    [Fact]
    public void A_code_is_checked_group_by_group_while_it_is_typed()
    {
        var groups = Code.Split('-');
        var interview = Join();
        Finding At(string text)
        {
            interview.Enter(Field("join.code"), text);
            return Assert.Single(interview.FindingsOf(Field("join.code")));
        }

        Assert.Equal("missing", At("").Code);
        Assert.StartsWith("0 of 12 groups", At(groups[0][..3]).Message, StringComparison.Ordinal);
        Assert.StartsWith("2 of 12 groups", At($"{groups[0]}-{groups[1]}-{groups[2][..2]}").Message, StringComparison.Ordinal);
        Assert.StartsWith("3 of 12 groups", At($"{groups[0]}{groups[1]} {groups[2].ToLowerInvariant()}").Message, StringComparison.Ordinal);
        Assert.StartsWith("Group 2", At($"{groups[0]}-{Turned(groups[1])}-").Message, StringComparison.Ordinal);
        Assert.StartsWith("Groups 1 and 2 stand in each other's place", At($"{groups[1]}-{groups[0]}-").Message, StringComparison.Ordinal);
        Assert.Contains("has 4 characters instead of 5", At($"{groups[0]}-{groups[1][..4]}-").Message, StringComparison.Ordinal);
        // A group of the secret is named by its number alone.
        var last = At($"{string.Join('-', groups[..11])}-{Turned(groups[11])}");
        Assert.StartsWith("Group 12 is mistyped", last.Message, StringComparison.Ordinal);
        interview.Enter(Field("join.code"), string.Join(" - ", groups));
        Assert.Empty(interview.FindingsOf(Field("join.code")));
    }

    [Fact]
    public void What_is_said_of_a_meeting_names_the_cluster_and_what_is_in_the_way()
    {
        var host = new JoiningHost("mx2.example.org", IPAddress.Parse("192.0.2.11"), "", Nothing);
        var well = new JoinMeeting(
            "example",
            "192.0.2.10:1028",
            TheCode.Pin,
            host,
            new JoinOutlook(
                [new JoinFinding(false, "clock", "The clock is 3 s late.")],
                [],
                ["the configuration of nginx; 'gatehouse rollback 0' puts it back"]
            )
            {
                Profile = "web",
            },
            ["chrony"]
        );
        var text = string.Join('\n', well.Lines(Samples.Screens).Select(l => l.Text));
        Assert.Contains("! The clock is 3 s late.", text, StringComparison.Ordinal);
        Assert.Contains(TheCode.Pin.ToString(), text, StringComparison.Ordinal);
        Assert.Contains("profile web (management web, in a cluster)", text, StringComparison.Ordinal);
        Assert.Contains("This replaces the configuration of nginx", text, StringComparison.Ordinal);
        Assert.Equal("", well.Outlook.Refusal);
        var refused = well with { Outlook = well.Outlook with { Findings = [new JoinFinding(true, "name", "The code is for another.")] } };
        Assert.Equal("This host cannot join as things are. Nothing was changed, and the code is still good.", refused.Outlook.Refusal);
        Assert.DoesNotContain(refused.Lines(Samples.Screens), l => l.Text.StartsWith("This host becomes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("root@192.0.2.12", true)]
    [InlineData("root@192.0.2.12, mx3.example.org", true)]
    [InlineData("root@host;reboot", false)]
    [InlineData("-oProxyCommand=x", false)]
    [InlineData("root@$(reboot)", false)]
    [InlineData("root@host\nreboot", false)]
    public void Hosts_to_push_to_hold_nothing_for_a_shell(string hosts, bool does) =>
        Assert.Equal(does, NewNodes.JudgeHosts(hosts) is null);

    private static string Turned(string group) => $"{(group[0] == 'A' ? 'B' : 'A')}{group[1..]}";

    private static Interview Start() =>
        new(Samples.Screens, Samples.Facts, Nothing, _ => [], p => $"/s/{p}", "full", null, WizardTask.Start);

    private static Interview Join() => new(Samples.Screens, Samples.Facts, Nothing, _ => [], p => $"/s/{p}", "", null, WizardTask.Join);

    private static Field Field(string path) =>
        Samples.Screens.Fields.Concat(Samples.Screens.TaskScreens.SelectMany(s => s.Fields)).First(f => f.Path == path);
}
