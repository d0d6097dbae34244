using Gatehouse.Cluster.Quarantine;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Gatehouse.Tests.Registry;
using Xunit;

namespace Gatehouse.Tests.Quarantine;

/// <summary>What a node did or began while the registry was away, when it is back.</summary>
[Collection("registry")]
public sealed class TellingTests(RegistryServer server) : IDisposable
{
    private const string Exim = "1xUsvq-00009Z-5e";
    private static readonly DateTimeOffset Then = DateTimeOffset.UtcNow.AddHours(-1);
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-telling-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private LocalMachine Machine => new(directory, durable: false);

    [Fact]
    public async Task A_release_that_was_cut_off_is_on_record_as_begun_and_nobody_is_granted_it_without_saying_so()
    {
        await using var cluster = await server.NewClusterAsync();
        var taker = await cluster.JoinAsync("mx1", 10);
        var id = new QuarantineId(taker.Number, Exim);
        await WriteAsync(
            id,
            new LocalClaim
            {
                Action = "release",
                At = Then,
                Done = false,
                Untold = true,
            }
        );
        Assert.Equal("", await TellAsync(taker.Number, taker.Registry));
        Assert.Empty(await UntoldAsync());
        var refused = await cluster.First.ClaimMessageAsync(id.ToString(), "release", again: false);
        Assert.Equal((false, false, true, taker.Number), (refused.Granted, refused.Done, refused.Overdue, refused.Node));
        Assert.True((await cluster.First.ClaimMessageAsync(id.ToString(), "release", again: true)).Granted);
    }

    [Fact]
    public async Task The_node_itself_refuses_what_it_began_without_the_registry()
    {
        await using var cluster = await server.NewClusterAsync();
        var taker = await cluster.JoinAsync("mx1", 10);
        var id = File(taker.Number);
        await WriteAsync(
            id,
            new LocalClaim
            {
                Action = "release",
                At = Then,
                Done = false,
                Untold = true,
            }
        );
        var answer = await Actions(taker.Number, taker.Registry)
            .RunAsync(new QuarantineRequest { Action = "release", Id = id.ToString() }, default);
        Assert.True(answer.Refused, answer.Message);
        Assert.Contains("--again", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_host_did_under_an_earlier_number_is_told_as_well_and_holds_nothing_up()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        var (before, now) = (new QuarantineId(77, Exim), new QuarantineId(node.Number, Exim));
        await WriteAsync(
            before,
            new LocalClaim
            {
                Action = "release",
                At = Then,
                Done = true,
                Untold = true,
            }
        );
        await WriteAsync(
            now,
            new LocalClaim
            {
                Action = "delete",
                At = Then,
                Done = true,
                Untold = true,
            }
        );
        Assert.Equal("", await TellAsync(node.Number, node.Registry));
        Assert.Empty(await UntoldAsync());
        Assert.All(await cluster.First.MessageClaimsAsync(), c => Assert.Equal((true, node.Number), (c.Done, c.Node)));
        Assert.Equal(2, (await cluster.First.MessageClaimsAsync()).Length);
        Assert.Contains(
            await cluster.First.EventsAsync(),
            e => e.Kind == "quarantine.released" && e.Detail.Contains("as node 77", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task What_another_is_at_right_now_is_told_later()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        var before = new QuarantineId(77, Exim);
        await WriteAsync(
            before,
            new LocalClaim
            {
                Action = "release",
                At = Then,
                Done = true,
                Untold = true,
            }
        );
        Assert.True((await cluster.First.ClaimMessageAsync(before.ToString(), "release", again: false)).Granted);
        await TellAsync(node.Number, node.Registry);
        Assert.Equal([before], await UntoldAsync());
    }

    [Fact]
    public async Task A_done_release_of_which_the_registry_was_not_told_becomes_done_there()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        var id = new QuarantineId(1, Exim);
        var claim = await node.Registry.ClaimMessageAsync(id.ToString(), "release", again: false);
        await WriteAsync(
            id,
            new LocalClaim
            {
                Action = "release",
                At = claim.At,
                Done = true,
                Claimed = true,
                Untold = true,
            }
        );
        await TellAsync(node.Number, node.Registry);
        Assert.Equal(
            (true, node.Number),
            ((await cluster.First.MessageClaimsAsync())[0].Done, (await cluster.First.MessageClaimsAsync())[0].Node)
        );
        Assert.Empty(await UntoldAsync());
    }

    [Fact]
    public async Task What_is_done_with_the_registry_is_told_when_it_is_done()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        var id = File(1);
        var answer = await Actions(node.Number, node.Registry)
            .RunAsync(new QuarantineRequest { Action = "delete", Id = id.ToString() }, default);
        Assert.True(answer.Done, answer.Message);
        Assert.True((await cluster.First.MessageClaimsAsync()).Single().Done);
        Assert.Empty(await UntoldAsync());
        using var ledger = QuarantineLedger.TryOpen(Machine)!;
        Assert.Equal((true, true), ((await ledger.ReadAsync(id, default))!.Done, (await ledger.ReadAsync(id, default))!.Claimed));
    }

    [Fact]
    public void A_ledger_that_is_in_use_is_not_waited_for()
    {
        using var first = QuarantineLedger.TryOpen(Machine);
        Assert.NotNull(first);
        Assert.Null(QuarantineLedger.TryOpen(Machine));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(127, true)]
    [InlineData(124, false)]
    [InlineData(137, false)]
    [InlineData(143, false)]
    public void Who_was_ended_may_have_taken_the_message(int exitCode, bool known) => Assert.Equal(known, Reinjection.IsKnown(exitCode));

    private QuarantineActions Actions(int number, ClusterRegistry registry)
    {
        var me = new LocalNode
        {
            Cluster = "id",
            ClusterName = "example",
            Number = number,
            Name = "mx1.example.org",
            Profile = "mail",
            Epoch = 1,
            SettingsVersion = 1,
            Followed = "",
            Units = [],
            Databases = [],
        };
        return new QuarantineActions(
            Machine,
            new QuarantinePlace
            {
                Directory = "/q",
                Node = number,
                Sharing = "built-in",
                Days = 30,
            },
            me.Name,
            me,
            registry,
            TimeProvider.System,
            TimeSpan.Zero
        );
    }

    private QuarantineId File(int node)
    {
        var folder = Directory
            .CreateDirectory(Path.Combine(directory, "q", "20260701", node.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            .FullName;
        System.IO.File.WriteAllText(
            Path.Combine(folder, $"{Exim}-00001.env"),
            "gatehouse-quarantine: 1\nverdict: spam\nenvelope:\nsender@example.net\nx@example.org\n"
        );
        System.IO.File.WriteAllText(Path.Combine(folder, $"{Exim}-00001.msg"), "Subject: hello\n\nhello\n");
        return new QuarantineId(node, Exim);
    }

    private async Task WriteAsync(QuarantineId id, LocalClaim claim)
    {
        using var ledger = QuarantineLedger.TryOpen(Machine)!;
        await ledger.WriteAsync(id, claim, default);
    }

    private async Task<string> TellAsync(int own, ClusterRegistry registry)
    {
        using var ledger = QuarantineLedger.TryOpen(Machine)!;
        return await QuarantineDuty.TellAsync(ledger, own, registry, default);
    }

    private async Task<QuarantineId[]> UntoldAsync()
    {
        using var ledger = QuarantineLedger.TryOpen(Machine)!;
        return [.. (await ledger.UntoldAsync(default)).Select(u => u.Id)];
    }
}
