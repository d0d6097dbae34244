using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>What a join code is good for, asked of the real agent over the network, with the real registry behind it.</summary>
[Collection("real cluster")]
public sealed class JoinHandlerTests(RealCluster cluster)
{
    [Fact]
    public async Task A_code_that_was_used_is_good_for_nobody_else()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var request = cluster.Request(code, RealCluster.Fresh());
        var (_, grant) = await agent.JoinAsync(request);
        Assert.NotNull(grant);
        // The same key once more: the connection may have been cut before the answer came.
        Assert.Equal(grant.Certificate, (await agent.JoinAsync(request)).Grant!.Certificate);
        Assert.Equal(("codeused", null), await agent.JoinAsync(request with { Request = RealCluster.Fresh() }));
        // After a restart, too.
        await using var another = await cluster.StartAsync();
        Assert.Equal(("codeused", null), await another.JoinAsync(request with { Request = RealCluster.Fresh() }));
    }

    [Fact]
    public async Task Of_fifty_hosts_that_use_one_code_at_once_one_gets_in()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var before = (await cluster.Registry.ViewAsync()).Nodes.Length;
        var requests = Enumerable.Range(0, 50).Select(_ => cluster.Request(code, RealCluster.Fresh())).ToArray();
        var outcomes = await Task.WhenAll(requests.Select(agent.JoinAsync));
        Assert.Equal(1, outcomes.Count(o => o.Grant is not null));
        Assert.All(outcomes.Where(o => o.Grant is null), o => Assert.Contains(o.Refused, new[] { "codeused", "name-taken" }));
        Assert.Equal(before + 1, (await cluster.Registry.ViewAsync()).Nodes.Length);
    }

    [Fact]
    public async Task A_host_is_given_the_secrets_of_its_duties()
    {
        await using var agent = await cluster.StartAsync();
        foreach (var name in new[] { "mta.smart_host_password-2", "web.password-2" })
            await cluster.Registry.PutSecretAsync(new(name, "k1", "sealed"));
        foreach (var (profile, expected) in new[] { ("mail", "mta.smart_host_password-2"), ("web", "web.password-2"), ("indexer", "") })
        {
            var (_, grant) = await agent.JoinAsync(cluster.Request(await cluster.InviteAsync(profile: profile), RealCluster.Fresh()));
            Assert.Equal(expected, string.Join(' ', grant!.Secrets.Select(s => s.Name)));
        }
    }

    [Fact]
    public async Task A_code_ends_with_its_time()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync(life: TimeSpan.FromSeconds(1));
        // Without a certificate request it is only asked, and the code stays as it is.
        for (var tries = 0; tries < 200 && (await agent.JoinAsync(cluster.Request(code, ""))).Refused.Length == 0; tries++)
            await Task.Delay(50);
        Assert.Equal(("codeexpired", null), await agent.JoinAsync(cluster.Request(code, RealCluster.Fresh())));
    }

    [Fact]
    public async Task A_host_that_leaves_its_name_to_the_code_gets_that_of_the_code()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var request = cluster.Request(code, "") with { Name = "" };
        using (var client = agent.Joining())
        {
            var looked = await client.JoinAsync(request, CancellationToken.None);
            Assert.DoesNotContain(looked.Findings, f => f.IsError);
            Assert.Equal(code.Name, looked.Name);
        }

        var (_, grant) = await agent.JoinAsync(request with { Request = RealCluster.Fresh() });
        Assert.Equal(code.Name, grant!.View.Node(grant.Number)!.Name);
    }

    [Fact]
    public async Task What_a_host_answers_for_itself_when_it_is_set_up_is_what_it_follows_later()
    {
        await using var agent = await cluster.StartAsync();
        var directory = Directory.CreateTempSubdirectory("gatehouse-ready-").FullName;
        var (grant, key) = await cluster.JoinAsync(agent, await cluster.InviteAsync(), directory);
        using (key)
        using (var own = Credentials.Read(directory))
        using (var member = agent.Member(own))
            await member.ReadyAsync(new ReadyRequest("version: 1\nsystem:\n  time_zone: Europe/Paris\n"), CancellationToken.None);
        Assert.Equal("version: 1\nsystem:\n  time_zone: Europe/Paris\n", await cluster.Registry.NodeAnswersAsync(grant.Number));
        Assert.Equal(Gatehouse.Core.Clusters.NodeState.Active, (await cluster.Registry.ViewAsync()).Node(grant.Number)!.State);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_code_is_for_the_name_it_was_made_for_and_stays_good_for_that()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var request = cluster.Request(code, RealCluster.Fresh());
        Assert.Equal(("name", null), await agent.JoinAsync(request with { Name = "other.example.org" }));
        Assert.Equal(("name name-taken", null), await agent.JoinAsync(request with { Name = RealCluster.First }));
        Assert.NotNull((await agent.JoinAsync(request)).Grant);
    }

    [Fact]
    public async Task A_host_gets_the_profile_that_the_code_is_for_whatever_it_asks_for()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync(profile: "web");
        var message = JsonSerializer.SerializeToNode(cluster.Request(code, RealCluster.Fresh()), Wire.Default.JoinRequest)!.AsObject();
        foreach (var wish in new[] { "profile", "role", "roles", "number", "epoch", "issuer" })
            message[wish] = "full";
        var answer = JsonSerializer.Deserialize(await PostAsync(agent, message), Wire.Default.JoinAnswer)!;
        Assert.Equal("web", answer.Grant!.View.Node(answer.Grant.Number)!.Profile);
        Assert.Null(Identity(answer.Grant).IssuerEpoch);
    }

    [Fact]
    public async Task Who_guesses_has_ten_tries_a_code_and_then_has_to_wait()
    {
        await using var agent = await cluster.StartAsync();
        var codes = new[] { await cluster.InviteAsync(), await cluster.InviteAsync(), await cluster.InviteAsync() };
        for (var i = 0; i < 10; i++)
            Assert.Equal("wrongsecret", await GuessAsync(codes[0]));
        Assert.Equal(("codeended", null), await agent.JoinAsync(cluster.Request(codes[0], RealCluster.Fresh())));
        // Who cannot show the secret does not learn that the code has ended.
        for (var i = 0; i < 9; i++)
            Assert.Equal("wrongsecret", await GuessAsync(codes[i % 2]));
        // Twenty tries, and ten more a minute.
        var refusals = new List<string>();
        while (refusals.Count < 20 && !refusals.Contains("too-many"))
            refusals.Add(await GuessAsync(codes[1]));
        Assert.Equal("too-many", refusals[^1]);
        // Now the right secret is refused as well, from this address: the limit comes before the looking.
        Assert.Equal(("too-many", null), await agent.JoinAsync(cluster.Request(codes[2], RealCluster.Fresh())));
        Assert.InRange((await cluster.Registry.CodesAsync()).First(c => c.Id == codes[0].Number).Attempts, 10, 20);
        Assert.True((await cluster.Registry.CodesAsync()).First(c => c.Id == codes[2].Number).IsGood(DateTimeOffset.UtcNow));

        async Task<string> GuessAsync(Invitation code) =>
            (
                await agent.JoinAsync(
                    cluster.Request(code, RealCluster.Fresh()) with
                    {
                        Secret = Base32(RandomNumberGenerator.GetBytes(10)),
                    }
                )
            ).Refused;
    }

    [Fact]
    public async Task Codes_that_nobody_made_are_counted_too()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var request = cluster.Request(code, RealCluster.Fresh());
        var refusals = new List<string>();
        while (refusals.Count < 40 && !refusals.Contains("too-many"))
            refusals.Add((await agent.JoinAsync(request with { Code = JoinCode.IdOf(4711 + refusals.Count) })).Refused);
        Assert.Equal("too-many", refusals[^1]);
        Assert.InRange(refusals.Count, 20, 35);
    }

    [Fact]
    public async Task A_right_code_is_not_held_up_by_wrong_ones_from_elsewhere()
    {
        Assert.Equal("192.0.2.1", CallerPlace.Of(IPAddress.Parse("::ffff:192.0.2.1")));
        Assert.NotEqual(CallerPlace.Of(IPAddress.Parse("192.0.2.1")), CallerPlace.Of(IPAddress.Parse("192.0.2.2")));
        Assert.Equal(CallerPlace.Of(IPAddress.Parse("2001:db8::1")), CallerPlace.Of(IPAddress.Parse("2001:db8::ffff:1:2:3")));
        Assert.NotEqual(CallerPlace.Of(IPAddress.Parse("2001:db8::1")), CallerPlace.Of(IPAddress.Parse("2001:db8:0:1::1")));
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var request = cluster.Request(code, RealCluster.Fresh());
        for (var i = 0; i < 9; i++)
            await agent.JoinAsync(request with { Secret = Base32(new byte[10]) });
        Assert.NotNull((await agent.JoinAsync(request)).Grant);
    }

    [Theory]
    [InlineData("another name")]
    [InlineData("wildcard")]
    [InlineData("CA")]
    [InlineData("issuer")]
    [InlineData("server of the database")]
    public async Task What_a_certificate_request_wishes_for_beyond_a_key_is_not_granted(string wish)
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        using var key = NewTrust.NewKey();
        var (refused, grant) = await agent.JoinAsync(cluster.Request(code, Hostile(key, wish)));
        Assert.Equal("", refused);
        using var leaf = X509Certificate2.CreateFromPem(grant!.Certificate);
        Assert.Equal($"CN={code.Name}, O=Post", leaf.Subject);
        Assert.Equal(
            [code.Name, code.Name.Split('.')[0], "localhost"],
            leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames()
        );
        Assert.False(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, leaf.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Null(Identity(grant).IssuerEpoch);
        Assert.Equal(6, leaf.Extensions.Count);
    }

    [Theory]
    [InlineData("RSA 1024")]
    [InlineData("RSA 2048")]
    [InlineData("P-384")]
    [InlineData("secp256k1")]
    [InlineData("signed by another key")]
    [InlineData("no request")]
    [InlineData("8 kB of nothing")]
    public async Task A_weak_or_unproved_key_is_refused_and_the_code_stays_good(string kind)
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var request = cluster.Request(code, Weak(kind));
        Assert.Equal(("request", null), await agent.JoinAsync(request));
        Assert.NotNull((await agent.JoinAsync(request with { Request = RealCluster.Fresh() })).Grant);
    }

    [Fact]
    public async Task A_code_of_another_cluster_is_not_even_shown_here()
    {
        await using var agent = await cluster.StartAsync();
        var theirs = NewTrust.Make("Other", "n1.example.net", IPAddress.Parse("192.0.2.1"), DateTimeOffset.UtcNow);
        using var root = X509Certificate2.CreateFromPem(theirs.Root);
        var code = JoinCode.Make(RandomNumberGenerator.GetBytes(JoinCode.RandomBytes), Pin.Of(root));
        Assert.True(HostPort.TryParse($"127.0.0.1:{agent.Port}", 1, out var here));
        var refused = await Assert.ThrowsAsync<SequenceException>(() => JoinSequence.MeetAsync(here, code, CancellationToken.None));
        Assert.Contains("Nothing secret was sent", refused.Message, StringComparison.Ordinal);
        // And if somebody shows it all the same, nobody knows it.
        Assert.Equal(
            ("unknowncode", null),
            await agent.JoinAsync(
                cluster.Request(new Invitation(code, "mx1.example.net", "mail", DateTimeOffset.MaxValue), RealCluster.Fresh())
            )
        );
    }

    [Theory]
    [InlineData(600, false)]
    [InlineData(-600, false)]
    [InlineData(30, true)]
    [InlineData(-30, true)]
    public async Task A_host_whose_clock_is_wrong_is_told_so_and_keeps_its_code(int seconds, bool joins)
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var request = cluster.Request(code, RealCluster.Fresh());
        var (refused, grant) = await agent.JoinAsync(request with { Clock = DateTimeOffset.UtcNow.AddSeconds(seconds) });
        Assert.Equal((joins ? "" : "clock", joins), (refused, grant is not null));
        Assert.NotNull((await agent.JoinAsync(request with { Clock = DateTimeOffset.UtcNow })).Grant);
    }

    [Fact]
    public async Task An_issuer_whose_clock_is_days_off_lets_nobody_in_by_an_expired_code_and_is_told_by_the_joining_host()
    {
        await using var late = await cluster.StartAsync(clock: new Shifted(TimeSpan.FromDays(2)));
        var code = await cluster.InviteAsync();
        Assert.Equal(("clock", null), await late.JoinAsync(cluster.Request(code, RealCluster.Fresh())));
        // The database's clock counts for codes, not that of the agent.
        await using var early = await cluster.StartAsync(clock: new Shifted(TimeSpan.FromDays(-2)));
        var old = await cluster.InviteAsync(life: TimeSpan.FromMilliseconds(500));
        await Task.Delay(600);
        Assert.Equal(("codeexpired", null), await early.JoinAsync(cluster.Request(old, RealCluster.Fresh())));
    }

    [Fact]
    public async Task A_node_that_has_seen_a_newer_epoch_does_nothing_by_an_old_database()
    {
        await using var agent = await cluster.StartAsync(epoch: 7);
        var code = await cluster.InviteAsync();
        Assert.Equal("staleepoch", (await agent.JoinAsync(cluster.Request(code, RealCluster.Fresh()))).Refused);
        using var own = Credentials.Read(cluster.Pki);
        using var member = agent.Member(own);
        Assert.Contains(
            "epoch 1, and this node has seen 7",
            (
                await Assert.ThrowsAsync<AgentException>(() =>
                    member.RenewAsync(new RenewRequest(RealCluster.Fresh()), CancellationToken.None)
                )
            ).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(agent.Log, l => l.Contains("it stays as it is until the newer one is back", StringComparison.Ordinal));
        Assert.True((await cluster.Registry.CodesAsync()).First(c => c.Id == code.Number).IsGood(DateTimeOffset.UtcNow));
    }

    private static NodeIdentity Identity(JoinGrant grant)
    {
        using var leaf = X509Certificate2.CreateFromPem(grant.Certificate);
        Assert.True(NodeIdentity.TryRead(leaf, out var identity, out var problem), problem);
        return identity;
    }

    private string Hostile(ECDsa key, string wish)
    {
        var names = new SubjectAlternativeNameBuilder();
        var request = new CertificateRequest(
            wish == "another name" ? $"CN={RealCluster.First}, O=Post" : "CN=x",
            key,
            HashAlgorithmName.SHA256
        );
        if (wish == "another name")
            names.AddDnsName(RealCluster.First);
        if (wish == "wildcard")
            names.AddDnsName("*.example.org");
        if (wish == "issuer")
            names.AddUri(new Uri($"urn:gatehouse:{cluster.Trust.ClusterId}:issuer:1"));
        if (wish == "server of the database")
            names.AddIpAddress(IPAddress.Parse("192.0.2.1"));
        if (wish != "CA")
            request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 3, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request.CreateSigningRequestPem();
    }

    private static string Weak(string kind)
    {
        using var rsa = RSA.Create(kind == "RSA 1024" ? 1024 : 2048);
        using ECDsa large = ECDsa.Create(ECCurve.NamedCurves.nistP384),
            bitcoin = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1")),
            one = NewTrust.NewKey(),
            other = NewTrust.NewKey();
        return kind switch
        {
            "RSA 1024" or "RSA 2048" => new CertificateRequest(
                "CN=x",
                rsa,
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            ).CreateSigningRequestPem(),
            "P-384" => new CertificateRequest("CN=x", large, HashAlgorithmName.SHA256).CreateSigningRequestPem(),
            "secp256k1" => new CertificateRequest("CN=x", bitcoin, HashAlgorithmName.SHA256).CreateSigningRequestPem(),
            "signed by another key" => new CertificateRequest(
                new X500DistinguishedName("CN=x"),
                new PublicKey(one),
                HashAlgorithmName.SHA256
            ).CreateSigningRequestPem(X509SignatureGenerator.CreateForECDsa(other)),
            "no request" => NoRequest,
            _ => new string('A', 8200),
        };
    }

    private const string NoRequest = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n";

    private static string Base32(byte[] bytes) => global::Gatehouse.Core.Trust.Base32.Write(bytes);

    // As a program that somebody else has written.
    private async Task<byte[]> PostAsync(RealAgent agent, JsonObject message)
    {
        using var handler = new SocketsHttpHandler
        {
            SslOptions = MemberTls.Joining(TrustStore.Read(cluster.Trust.Root, ""), "127.0.0.1", TimeProvider.System, _ => { }),
        };
        using var http = new HttpClient(handler);
        using var content = new StringContent(message.ToJsonString(), new MediaTypeHeaderValue("application/json"));
        using var response = await http.PostAsync(new Uri($"https://127.0.0.1:{agent.Port}/v1/join"), content);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private sealed class Shifted(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + by;
    }
}
