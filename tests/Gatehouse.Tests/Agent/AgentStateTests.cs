using System.Text.Json;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Xunit;

namespace Gatehouse.Tests.Agent;

[Collection("real cluster")]
public sealed class AgentStateTests(RealCluster cluster) : IDisposable
{
    private readonly string own = Directory.CreateTempSubdirectory("gatehouse-state-").FullName;
    private readonly DateTime start = DateTime.UtcNow.AddMinutes(-5);

    public void Dispose() => Directory.Delete(own, recursive: true);

    [Fact]
    public async Task A_settings_version_changes_what_it_knows_and_not_how_it_is_connected()
    {
        await using var state = new AgentState(Places(cluster.Node()));
        var registry = state.Registry;
        for (var version = 2; version < 30; version++)
        {
            Write(cluster.Node() with { SettingsVersion = version }, version);
            state.Refresh();
            Assert.Equal(version, state.Node.SettingsVersion);
            Assert.Same(registry, state.Registry);
        }
    }

    [Fact]
    public async Task Another_database_or_another_certificate_changes_how_it_is_connected()
    {
        await using var state = new AgentState(Places(cluster.Node()));
        var registry = state.Registry;
        Write(cluster.Node() with { Databases = ["192.0.2.200:5432", .. cluster.Node().Databases] }, 1);
        state.Refresh();
        Assert.NotSame(registry, state.Registry);
        // The old one serves who still has it.
        await registry.ViewAsync();

        registry = state.Registry;
        File.SetLastWriteTimeUtc(Path.Combine(cluster.Pki, "cluster.crl"), DateTime.UtcNow.AddSeconds(-30));
        state.Refresh();
        Assert.NotSame(registry, state.Registry);
    }

    private AgentPlaces Places(LocalNode node)
    {
        Write(node, 0);
        return new AgentPlaces
        {
            Pki = cluster.Pki,
            Node = Path.Combine(own, "cluster.json"),
            View = Path.Combine(own, "view.json"),
            Sign = Path.Combine(own, "follow"),
            Hosts = null,
        };
    }

    private void Write(LocalNode node, int age)
    {
        var file = Path.Combine(own, "cluster.json");
        File.WriteAllText(file, JsonSerializer.Serialize(node, Wire.Default.LocalNode));
        File.SetLastWriteTimeUtc(file, start.AddSeconds(age));
    }
}
