using System.Security.Cryptography;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>A node that was removed is refused at every port that takes its certificate: the agent's, and the database's.</summary>
[Collection("real cluster")]
public sealed class RemovedNodeTests(RealCluster cluster) : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-removed-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task It_is_refused_by_the_agent_and_by_the_database_by_record_and_by_list()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var (grant, key) = await cluster.JoinAsync(agent, code, directory);
        using var own = Credentials.Read(directory);
        using var open = agent.Member(own);
        await open.StatusAsync(CancellationToken.None);
        await using var registry = Open(grant, key);
        await registry.ViewAsync();

        using var first = Credentials.Read(cluster.Pki);
        using var issuer = agent.Member(first);
        Assert.Equal(
            new RemoveAnswer(true, 0),
            await issuer.RemoveAsync(new RemoveRequest(grant.Number, code.Name, "stolen"), CancellationToken.None)
        );

        // The registry at once, because the login is gone; the agent as soon as it has looked, on the connection that was open too.
        Assert.Equal(RegistryFailure.Unreachable, (await Assert.ThrowsAnyAsync<RegistryException>(() => registry.ViewAsync())).Failure);
        await Patience.UntilAsync(async () =>
            (await Assert.ThrowsAsync<AgentException>(() => open.StatusAsync(CancellationToken.None))).Refusal?.Code == "no-member"
        );
        Assert.Equal("no-member", await RefusedAsync(c => c.RenewAsync(new RenewRequest(RealCluster.Fresh()), CancellationToken.None)));
        Assert.Equal("no-member", await RefusedAsync(c => c.ReadyAsync(new ReadyRequest("version: 1\n"), CancellationToken.None)));
        Assert.Equal("no-member", await RefusedAsync(c => c.NudgeAsync(CancellationToken.None)));
        Assert.Equal(
            "no-member",
            await RefusedAsync(c => c.RemoveAsync(new RemoveRequest(1, RealCluster.First, ""), CancellationToken.None))
        );
        Assert.Equal(("codeused", null), await agent.JoinAsync(cluster.Request(code, SigningRequest.Make(key))));

        // With the list in place the certificate does not come past the handshake, of PostgreSQL either; a login of the name would not
        // help.
        var lists = string.Concat((await cluster.Registry.RevocationListsAsync()).Select(l => l.Pem));
        await cluster.Server.LearnAsync(lists);
        await using (var local = ClusterRegistry.OpenLocal(cluster.Server.Socket, cluster.Server.Port))
        {
            await using var command = local.Source.CreateCommand($"CREATE ROLE \"{code.Name}\" LOGIN IN ROLE gatehouse_node");
            await command.ExecuteNonQueryAsync();
        }

        await Patience.UntilAsync(async () =>
        {
            await using var again = Open(grant, key);
            return (await Assert.ThrowsAnyAsync<RegistryException>(() => again.ViewAsync())).Message.Contains(
                "revoked",
                StringComparison.OrdinalIgnoreCase
            );
        });
        await File.WriteAllTextAsync(Path.Combine(cluster.Pki, "cluster.crl"), lists);
        await using var informed = await cluster.StartAsync();
        using var late = informed.Member(own);
        var refused = await Assert.ThrowsAsync<AgentException>(() => late.StatusAsync(CancellationToken.None));
        Assert.Null(refused.Refusal);

        async Task<string?> RefusedAsync(Func<AgentClient, Task> call)
        {
            using var client = agent.Member(own);
            return (await Assert.ThrowsAsync<AgentException>(() => call(client))).Refusal?.Code;
        }
    }

    private ClusterRegistry Open(JoinGrant grant, ECDsa key) =>
        RegistryAccess.Open(
            cluster.Node() with
            {
                Number = grant.Number,
                Name = grant.View.Node(grant.Number)!.Name,
            },
            grant.Certificate,
            new Secret(key.ExportPkcs8PrivateKeyPem()),
            directory
        );
}
