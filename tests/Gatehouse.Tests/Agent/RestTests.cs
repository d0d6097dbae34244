using System.Text.Json;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Gatehouse.Tests.Registry;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>The timer that follows the cluster is spared its work while the agent says that there is none.</summary>
[Collection("real cluster")]
public sealed class RestTests(RealCluster cluster) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string pki = Directory.CreateTempSubdirectory("gatehouse-pki-").FullName;

    [Fact]
    public async Task The_agent_says_that_there_is_nothing_to_follow_until_there_is()
    {
        await using var first = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var (grant, key) = await cluster.JoinAsync(first, code, pki);
        key.Dispose();
        await cluster.Registry.ActivateAsync(1, grant.Number);
        var own = Directory.CreateTempSubdirectory("gatehouse-agent-").FullName;
        var places = new AgentPlaces
        {
            Pki = pki,
            Node = Path.Combine(own, "cluster.json"),
            View = Path.Combine(own, "view.json"),
            Sign = Path.Combine(own, "follow"),
            Quiet = Path.Combine(own, "quiet"),
            Hosts = null,
            Port = RegistryServer.FreePort(),
        };
        var node = cluster.Node() with
        {
            Number = grant.Number,
            Name = code.Name,
            Profile = "mail",
            Followed = (await cluster.Registry.ViewAsync()).Fingerprint(),
        };
        await File.WriteAllTextAsync(places.Node, JsonSerializer.Serialize(node, Wire.Default.LocalNode));
        await using var agent = await RealAgent.StartAsync(places, own, TrustStore.Read(cluster.Trust.Root, ""), TimeProvider.System);
        await UntilAsync(() => File.Exists(places.Quiet));

        var order = await cluster.Registry.IssueCommandAsync("verify", "{}", [grant.Number], DateTimeOffset.UtcNow.AddMinutes(1));
        await UntilAsync(() => File.Exists(places.Sign));
        // As the unit that follows does, but it does not carry the order out.
        File.Delete(places.Sign);
        await UntilAsync(() => !File.Exists(places.Quiet));

        await using (var registry = RegistryAccess.Open(node, pki))
            await registry.RecordCommandResultAsync(order, CommandState.Done, "");
        await UntilAsync(() => File.Exists(places.Quiet));
    }

    public void Dispose() => Directory.Delete(pki, recursive: true);

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
            await Task.Delay(50, patience.Token);
    }
}
