using System.Text;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Commands;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Gatehouse.Tests.Machines;
using Gatehouse.Tests.Support;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>With an approval in force, no single member changes the settings of all.</summary>
[Collection("registry")]
public sealed class ApprovalTests(RegistryServer server)
{
    private const string Refused = "GH009";
    private const string Follow = "SELECT gatehouse.mark_settings(2, 'trying', 'following', '')";

    [Fact]
    public async Task Without_an_approval_in_force_none_is_needed()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await ProposeAsync(node.Registry, ApprovalMode.Member);
        Assert.Equal(ApprovalMode.None, await node.Registry.NeededApprovalAsync(2));
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.ApproveSettingsAsync(2));
        Assert.Equal("", await TryAsync(node.Registry, Follow));
    }

    [Fact]
    public async Task A_member_neither_approves_its_own_change_nor_turns_the_approval_off_with_it()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var other = await cluster.JoinAsync("mx2", 11);
        await RequireAsync(cluster, "member");
        await ProposeAsync(hostile.Registry, ApprovalMode.None);
        Assert.Equal(Refused, await TryAsync(hostile.Registry, Follow));
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.approve_settings(2)"));
        Assert.Equal(Refused, await TryAsync(hostile.Registry, Follow));
        // The issuer does not move it on either.
        Assert.Equal(Refused, await TryAsync(cluster.First, Follow));

        await other.Registry.ApproveSettingsAsync(2);
        Assert.Equal(
            (other.Number, other.Name, false),
            (await cluster.First.ApprovalsAsync(2)).Select(a => (a.Node, a.By, a.ByToken)).Single()
        );
        Assert.Contains(
            await cluster.First.EventsAsync(),
            e => e.Kind == "settings.approved" && e.Actor == other.Name && e.Detail == $"version 2 by {hostile.Name}"
        );
        Assert.Equal("", await TryAsync(hostile.Registry, Follow));
        // What it says counts for the version after it.
        Assert.Equal("none", await cluster.AdministratorAsync("SELECT approval FROM gatehouse.settings WHERE number = 2"));
    }

    [Fact]
    public async Task The_approval_of_a_node_that_is_gone_does_not_count()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var other = await cluster.JoinAsync("mx2", 11);
        await RequireAsync(cluster, "member");
        await ProposeAsync(hostile.Registry, ApprovalMode.Member);
        await other.Registry.ApproveSettingsAsync(2);
        await other.Registry.LeaveAsync();
        Assert.Equal(Refused, await TryAsync(hostile.Registry, Follow));
        await FailureAsync(RegistryFailure.NotAllowed, () => other.Registry.ApproveSettingsAsync(2));
    }

    [Fact]
    public async Task The_master_token_approves_and_nothing_else_does_where_it_is_asked_for()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await RequireAsync(cluster, "token");
        await ProposeAsync(hostile.Registry, ApprovalMode.Token);
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.ApproveSettingsAsync(2));
        Assert.Equal("GH010", await TryAsync(hostile.Registry, "SELECT gatehouse.approve_settings_by_token(2, 'guess')"));
        Assert.Equal("GH010", await TryAsync(hostile.Registry, "SELECT gatehouse.approve_settings_by_token(2, NULL)"));
        Assert.Equal(Refused, await TryAsync(hostile.Registry, Follow));
        await cluster.First.ApproveSettingsAsync(2, cluster.Proof);
        Assert.True((await hostile.Registry.ApprovalsAsync(2)).Single().ByToken);
        Assert.Equal("", await TryAsync(hostile.Registry, Follow));
    }

    [Fact]
    public async Task A_cluster_of_one_node_approves_with_the_token()
    {
        await using var cluster = await server.NewClusterAsync();
        await RequireAsync(cluster, "member");
        await ProposeAsync(cluster.First, ApprovalMode.Member);
        Assert.Equal(Refused, await TryAsync(cluster.First, Follow));
        await cluster.First.ApproveSettingsAsync(2, cluster.Proof);
        Assert.Equal("", await TryAsync(cluster.First, Follow));
    }

    [Fact]
    public async Task Any_member_rejects_a_change_that_nobody_follows_yet()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var other = await cluster.JoinAsync("mx2", 11);
        await RequireAsync(cluster, "member");
        await ProposeAsync(hostile.Registry, ApprovalMode.Member);
        await other.Registry.RejectSettingsAsync(2, "too wide\u001b[2J");
        Assert.Equal(
            (SettingsState.Withdrawn, $"rejected on {other.Name}: too wide [2J"),
            ((await other.Registry.SettingsAsync(2))!.State, (await other.Registry.SettingsAsync(2))!.Note)
        );
        await FailureAsync(RegistryFailure.Conflict, () => other.Registry.ApproveSettingsAsync(2));
        await FailureAsync(RegistryFailure.Conflict, () => other.Registry.RejectSettingsAsync(2, ""));
        await FailureAsync(RegistryFailure.NotFound, () => other.Registry.RejectSettingsAsync(9, ""));
        await other.Registry.ProposeSettingsAsync(1, "version: 1\n");
    }

    [Fact]
    public async Task A_version_that_lies_about_its_approval_is_not_followed()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await hostile.Registry.ProposeSettingsAsync(1, "version: 1\ncluster:\n  approval: member\n");
        await cluster.First.PutNodeAnswersAsync("version: 1\n");
        var root = Directory.CreateTempSubdirectory("gatehouse-follow-").FullName;
        try
        {
            var me = new LocalNode
            {
                Cluster = cluster.Id,
                ClusterName = "Post",
                Number = 1,
                Name = cluster.FirstName,
                Profile = "database",
                Epoch = 1,
                SettingsVersion = 1,
                Followed = "",
                Units = [],
                Databases = [],
            };
            var follow = new FollowSequence(new LocalMachine(root, durable: false), TimeProvider.System, new Silence());
            var view = await cluster.First.ViewAsync();
            await follow.AnswersAsync(me, cluster.First, view, 1, CancellationToken.None);
            var e = await Assert.ThrowsAsync<SequenceException>(() =>
                follow.AnswersAsync(me, cluster.First, view, 2, CancellationToken.None)
            );
            Assert.Contains(
                "its answers say 'member' for cluster.approval, and the registry was told 'none'",
                e.Message,
                StringComparison.Ordinal
            );
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task Who_proposed_what_is_shown_on_every_member_without_secrets()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var other = await cluster.JoinAsync("mx2", 11);
        var domains = string.Concat(
            Enumerable.Range(0, 50).Select(i => $"    - {{domain: d{i}.example.org, destination: mail.example.org}}\n")
        );
        await cluster.AdministratorAsync(
            $"UPDATE gatehouse.settings SET approval = 'member', answers = 'version: 1\ncluster: {{approval: member}}\nmta:\n  "
                + $"domains:\n{domains}' WHERE number = 1"
        );
        var changed = domains.Replace("d49.example.org, destination: mail", "d49.example.org, destination: evil", StringComparison.Ordinal);
        await hostile.Registry.ProposeSettingsAsync(
            1,
            $"version: 1\ncluster: {{approval: none}}\nmta:\n  smart_host_password: Geheimnis\n  domains:\n{changed}"
        );
        var proposal = (
            await Proposal.ListAsync(other.Registry, await other.Registry.ViewAsync(), Samples.Screens, 1, CancellationToken.None)
        ).Single();
        var text = ClusterProposalsCommand.AsText(proposal);
        Assert.StartsWith($"Version 2, proposed by {hostile.Name} on 20", text, StringComparison.Ordinal);
        Assert.Contains(": waits for approval\n", text, StringComparison.Ordinal);
        Assert.Contains("\n  cluster.approval: member -> none\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "\n  mta.domains: - {domain: d49.example.org, destination: mail.example.org}\n  mta.domains: + {domain: d49.example.org, "
                + "destination: evil.example.org}\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("\n  mta.smart_host_password: (not given) -> (hidden)\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Geheimnis", text, StringComparison.Ordinal);
        Assert.Contains($"'gatehouse cluster approve 2' on another member than {hostile.Name} approves it", text, StringComparison.Ordinal);
        await other.Registry.ApproveSettingsAsync(2);
        proposal = (await Proposal.ListAsync(cluster.First, await cluster.First.ViewAsync(), Samples.Screens, 10, CancellationToken.None))[
            0
        ];
        Assert.Contains($"\n  approved by {other.Name} on 20", ClusterProposalsCommand.AsText(proposal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_node_that_proposed_waits_and_goes_on_when_another_approves()
    {
        await using var cluster = await server.NewClusterAsync();
        var author = await cluster.JoinAsync("mx1", 10);
        var other = await cluster.JoinAsync("mx2", 11);
        await RequireAsync(cluster, "member");
        await ProposeAsync(author.Registry, ApprovalMode.Member);
        var log = new Silence();
        var waiting = new ApprovalWait(author.Registry, TimeProvider.System, log).RunAsync(
            2,
            ApprovalMode.Member,
            author.Name,
            CancellationToken.None
        );
        await Task.Delay(100);
        Assert.False(waiting.IsCompleted);
        Assert.Contains("waits for approval: 'gatehouse cluster approve 2' on another member", log.Heard[0], StringComparison.Ordinal);
        await other.Registry.ApproveSettingsAsync(2);
        Assert.Equal("", await waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal($"Approved by {other.Name}", log.Heard[^1]);
        Assert.Equal(SettingsState.Following, (await other.Registry.SettingsAsync(2))!.State);
    }

    [Fact]
    public async Task The_node_that_proposed_goes_back_when_it_is_rejected_or_cancelled()
    {
        await using var cluster = await server.NewClusterAsync();
        var author = await cluster.JoinAsync("mx1", 10);
        await RequireAsync(cluster, "member");
        await ProposeAsync(author.Registry, ApprovalMode.Member);
        var waiting = new ApprovalWait(author.Registry, TimeProvider.System, new Silence()).RunAsync(
            2,
            ApprovalMode.Member,
            author.Name,
            CancellationToken.None
        );
        await cluster.First.RejectSettingsAsync(2, "no");
        Assert.Equal($"rejected on {cluster.FirstName}: no", await waiting.WaitAsync(TimeSpan.FromSeconds(20)));

        Assert.Equal(3, await author.Registry.ProposeSettingsAsync(1, "version: 1\n", ApprovalMode.Member));
        using var stop = new CancellationTokenSource();
        waiting = new ApprovalWait(author.Registry, TimeProvider.System, new Silence()).RunAsync(
            3,
            ApprovalMode.Member,
            author.Name,
            stop.Token
        );
        await stop.CancelAsync();
        Assert.Equal($"cancelled on {author.Name} before it was approved", await waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(SettingsState.Withdrawn, (await author.Registry.SettingsAsync(3))!.State);
    }

    [Fact]
    public void A_list_shows_what_comes_and_goes_and_nothing_is_cut_off()
    {
        var before = Read($"mta:\n  relay_networks: [192.0.2.0/24, 198.51.100.0/24]\n  postmaster: a@example.com\n");
        var after = Read(
            $"mta:\n  relay_networks: [198.51.100.0/24, 0.0.0.0/0]\n  postmaster: {new string('b', 500)}@example.com\n  "
                + $"smart_host_password: {{sealed: mta.smart_host_password-2}}\n"
        );
        Assert.Equal(
            [
                $"mta.postmaster: a@example.com -> {new string('b', 500)}@example.com",
                "mta.relay_networks: - 192.0.2.0/24",
                "mta.relay_networks: + 0.0.0.0/0",
                "mta.smart_host_password: (not given) -> {sealed: mta.smart_host_password-2}",
            ],
            ProposedChanges.Of(before, after, Samples.Screens).AsEnumerable()
        );
        Assert.StartsWith(
            "mta.relay_networks: the same in another order",
            Assert.Single(
                ProposedChanges.Of(
                    before,
                    Read("mta:\n  relay_networks: [198.51.100.0/24, 192.0.2.0/24]\n  postmaster: a@example.com\n"),
                    Samples.Screens
                )
            ),
            StringComparison.Ordinal
        );

        static Answers Read(string yaml) =>
            AnswerFile.Read("answers.yaml", Encoding.UTF8.GetBytes("version: 1\n" + yaml), Samples.Screens, new Report());
    }

    private static async Task ProposeAsync(ClusterRegistry registry, ApprovalMode mode)
    {
        Assert.Equal(2, await registry.ProposeSettingsAsync(1, $"version: 1\ncluster: {{approval: {ApprovalRules.Word(mode)}}}\n", mode));
        await registry.RecordSettingsResultAsync(2, true, "", 2);
    }

    private static Task RequireAsync(TestCluster cluster, string mode) =>
        cluster.AdministratorAsync($"UPDATE gatehouse.settings SET approval = '{mode}' WHERE number = 1");
}
