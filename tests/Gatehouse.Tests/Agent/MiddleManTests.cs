using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Values;
using Gatehouse.Tests.Support;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>A host joins the real agent, and somebody between the two reads whatever his certificate lets him read: never the
/// secret.</summary>
[Collection("real cluster")]
public sealed class MiddleManTests(RealCluster cluster)
{
    [Fact]
    public async Task With_a_CA_of_his_own_he_reads_no_secret()
    {
        using var own = new Chain();
        var (man, refused) = await TryAsync(own.Context);
        Assert.Contains("is not trusted", refused?.Message, StringComparison.Ordinal);
        Assert.Equal(2, man.Connections);
    }

    [Fact]
    public async Task With_a_certificate_that_the_system_trusts_he_reads_no_secret()
    {
        using var own = new Chain();
        using var trusted = await SystemTrust.AddAsync(own.Root);
        await TrustedByTheSystemAsync(own);
        var (_, refused) = await TryAsync(own.Context);
        Assert.Contains("is not trusted", refused?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_swapped_CA_in_what_he_passes_on_he_reads_no_secret()
    {
        var theirs = new SampleCluster(cluster.Trust.ClusterId, "Post", made: DateTimeOffset.UtcNow);
        using var other = new TestMember(theirs, 1, epoch: 1);
        using var own = other.Read();
        var (_, refused) = await TryAsync(own.Context, (_, introduction) => Swapped(introduction, theirs.RootPem));
        Assert.Contains("Nothing secret was sent", refused?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_his_CA_beside_the_right_one_he_reads_no_secret()
    {
        // As if the cluster's CA were being rotated: the pin fits one of the two, and only that one counts.
        var theirs = new SampleCluster(cluster.Trust.ClusterId, "Post", made: DateTimeOffset.UtcNow);
        using var other = new TestMember(theirs, 1, epoch: 1);
        using var own = other.Read();
        var (man, refused) = await TryAsync(own.Context, (_, introduction) => Swapped(introduction, theirs.RootPem, cluster.Trust.Root));
        Assert.Contains("is not trusted", refused?.Message, StringComparison.Ordinal);
        Assert.Equal(2, man.Connections);
    }

    [Fact]
    public async Task Only_with_the_issuers_own_key_he_would()
    {
        // What shows that the others would have been caught.
        using var issuer = Credentials.Read(cluster.Pki);
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        using var man = new MiddleMan(issuer.Context, agent.Port);
        Assert.Null(await JoinAsync(code, man.Port));
        Assert.Contains(code.Code.Secret.Reveal(), man.Read, StringComparison.Ordinal);
        Assert.NotNull((await cluster.Registry.CodesAsync()).First(c => c.Id == code.Number).Used);
    }

    private async Task<(MiddleMan Man, Exception? Refused)> TryAsync(
        SslStreamCertificateContext shown,
        Func<int, JsonObject, JsonObject>? swap = null
    )
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        using var man = new MiddleMan(shown, agent.Port, swap);
        var refused = await JoinAsync(code, man.Port);
        Assert.NotNull(refused);
        // He could read, and nothing worth it came.
        Assert.StartsWith("GET /v1/introduction HTTP/1.1", man.Read, StringComparison.Ordinal);
        Assert.DoesNotContain(code.Code.Secret.Reveal(), man.Read, StringComparison.Ordinal);
        Assert.DoesNotContain(code.Code.Id, man.Read, StringComparison.Ordinal);
        Assert.DoesNotContain("join", man.Read, StringComparison.Ordinal);
        Assert.True((await cluster.Registry.CodesAsync()).First(c => c.Id == code.Number).IsGood(DateTimeOffset.UtcNow));
        return (man, refused);
    }

    // The two steps of a join, as the sequence takes them.
    private async Task<Exception?> JoinAsync(Invitation code, int port)
    {
        try
        {
            Assert.True(HostPort.TryParse($"127.0.0.1:{port}", port, out var here));
            var (trust, issuer, _) = await JoinSequence.MeetAsync(here, code.Code, CancellationToken.None);
            using var client = AgentClient.Joining(trust, issuer.Host, issuer.Port, TimeProvider.System);
            Assert.NotNull((await client.JoinAsync(cluster.Request(code, RealCluster.Fresh()), CancellationToken.None)).Grant);
            return null;
        }
        catch (Exception e) when (e is SequenceException or AgentException)
        {
            return e;
        }
    }

    private static JsonObject Swapped(JsonObject introduction, params string[] roots)
    {
        introduction["roots"] = new JsonArray([.. roots.Select(r => (JsonNode)r)]);
        return introduction;
    }

    // What the system has read of its store it keeps for some seconds.
    private static async Task TrustedByTheSystemAsync(Chain own)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        for (var i = 0; i < 600 && !chain.Build(own.Leaf); i++)
            await Task.Delay(100);
        Assert.True(chain.Build(own.Leaf), "the system does not trust the CA that was added to its store");
    }

    /// <summary>A CA as the world has them, and a server certificate of it for this machine.</summary>
    private sealed class Chain : IDisposable
    {
        private readonly ECDsa rootKey = SampleCluster.Key();
        private readonly ECDsa key = SampleCluster.Key();

        public Chain()
        {
            var now = DateTimeOffset.UtcNow;
            var authority = new CertificateRequest("CN=Any Public CA", rootKey, HashAlgorithmName.SHA256);
            authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            Root = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
            var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
            using var signed = request.Create(Root, now.AddDays(-1), now.AddDays(20), RandomNumberGenerator.GetBytes(12));
            Leaf = signed.CopyWithPrivateKey(key);
            Context = SslStreamCertificateContext.Create(Leaf, [Root], offline: true);
        }

        public X509Certificate2 Root { get; }

        public X509Certificate2 Leaf { get; }

        public SslStreamCertificateContext Context { get; }

        public void Dispose()
        {
            Leaf.Dispose();
            Root.Dispose();
            key.Dispose();
            rootKey.Dispose();
        }
    }
}
