using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>A member that was away until its certificate had ended gets the next one, and nothing else, by the last one that was made for
/// it.</summary>
[Collection("real cluster")]
public sealed class LapsedTests(RealCluster cluster) : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-lapsed-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task It_is_renewed_by_the_last_certificate_and_nothing_else_is_answered()
    {
        await using var agent = await cluster.StartAsync();
        var number = await JoinAsync(agent);
        await EndAsync(number);
        using (var lapsed = Credentials.Read(directory))
        using (var client = agent.Member(lapsed))
        {
            Assert.Equal(
                Distrust.Expired,
                (await Assert.ThrowsAsync<AgentException>(() => client.StatusAsync(CancellationToken.None))).Refusal?.Code
            );
            Assert.Equal(
                Distrust.Expired,
                (
                    await Assert.ThrowsAsync<AgentException>(() =>
                        client.RemoveAsync(new RemoveRequest(number, "", ""), CancellationToken.None)
                    )
                )
                    .Refusal
                    ?.Code
            );
            await RenewAsync(client);
        }

        using var good = Credentials.Read(directory);
        using var member = agent.Member(good);
        Assert.Equal(RealCluster.First, (await member.StatusAsync(CancellationToken.None)).Name);
    }

    [Fact]
    public async Task An_older_one_out_of_a_backup_makes_nobody_the_node()
    {
        await using var agent = await cluster.StartAsync();
        var number = await JoinAsync(agent);
        await EndAsync(number);
        var (oldCertificate, oldKey) = (
            await File.ReadAllTextAsync(Path.Combine(directory, "node.crt")),
            await File.ReadAllTextAsync(Path.Combine(directory, "node.key"))
        );
        using (var lapsed = Credentials.Read(directory))
        using (var client = agent.Member(lapsed))
            await RenewAsync(client);
        await WriteAsync(oldCertificate, oldKey);
        using var old = Credentials.Read(directory);
        using var thief = agent.Member(old);
        var refused = await Assert.ThrowsAsync<AgentException>(() => RenewAsync(thief));
        Assert.Contains("not the last one that was made for it", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_was_removed_meanwhile_stays_out()
    {
        await using var agent = await cluster.StartAsync();
        var number = await JoinAsync(agent);
        await EndAsync(number);
        await cluster.Registry.RemoveNodeAsync(1, number, "gone");
        using var lapsed = Credentials.Read(directory);
        using var client = agent.Member(lapsed);
        Assert.Equal("no-member", (await Assert.ThrowsAsync<AgentException>(() => RenewAsync(client))).Refusal?.Code);
    }

    private async Task<int> JoinAsync(RealAgent agent)
    {
        var (grant, key) = await cluster.JoinAsync(agent, await cluster.InviteAsync(), directory);
        key.Dispose();
        await cluster.Registry.ActivateAsync(1, grant.Number);
        return grant.Number;
    }

    // The same certificate again, with a life that ended a few minutes ago; its CA is valid from an hour before it was made.
    private async Task EndAsync(int number)
    {
        using var leaf = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(directory, "node.crt")));
        using var authority = X509Certificate2.CreateFromPem(cluster.Trust.Issuing, cluster.Trust.IssuingKey);
        using var key = NewTrust.NewKey();
        var request = new CertificateRequest(leaf.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (var extension in leaf.Extensions.Where(e => e.Oid?.Value is not "2.5.29.14"))
            request.CertificateExtensions.Add(extension);
        // The one from joining, which would be the last, has ended as well.
        await using (var local = ClusterRegistry.OpenLocal(cluster.Server.Socket, cluster.Server.Port))
        await using (
            var earlier = local.Source.CreateCommand(
                $"UPDATE gatehouse.certificates SET not_before = now() - interval '2 days', not_after = now() - interval '1 day' WHERE "
                    + $"node = {number}"
            )
        )
            await earlier.ExecuteNonQueryAsync();
        var end = DateTimeOffset.UtcNow.AddMinutes(-4);
        using var ended = request.Create(authority, end.AddMinutes(-1), end, [0x5a, .. RandomNumberGenerator.GetBytes(15)]);
        var pem = $"{ended.ExportCertificatePem()}\n{cluster.Trust.Issuing}";
        await cluster.Registry.AddCertificateAsync(1, number, Issuer.Record(ended, pem));
        await WriteAsync(pem, key.ExportPkcs8PrivateKeyPem());
    }

    private async Task RenewAsync(AgentClient client)
    {
        using var key = NewTrust.NewKey();
        var answer = await client.RenewAsync(new RenewRequest(SigningRequest.Make(key)), CancellationToken.None);
        await WriteAsync(answer.Certificate, key.ExportPkcs8PrivateKeyPem());
    }

    private async Task WriteAsync(string certificate, string key)
    {
        await File.WriteAllTextAsync(Path.Combine(directory, "node.crt"), certificate);
        await File.WriteAllTextAsync(Path.Combine(directory, "node.key"), key);
    }
}
