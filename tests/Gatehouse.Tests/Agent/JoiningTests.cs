using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Tests.Support;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>A host that joins, and somebody who stands between it and the cluster: he learns nothing.</summary>
public sealed class JoiningTests : IDisposable
{
    private readonly SampleCluster ours = new(made: DateTimeOffset.UtcNow);
    private readonly TestMember issuer;
    private readonly JoinCode code;

    public JoiningTests()
    {
        issuer = new TestMember(ours, 1, epoch: 1);
        code = JoinCode.Make(RandomNumberGenerator.GetBytes(JoinCode.RandomBytes), Pin.Of(ours.Root.Certificate));
    }

    public void Dispose() => issuer.Dispose();

    [Fact]
    public async Task The_issuer_of_the_right_cluster_gets_the_secret_and_nobody_on_the_way_does()
    {
        await using var agent = await TestAgent.StartAsync(ours, issuer.Read);
        using var tap = new Wiretap(agent.Port);
        await JoinAsync(tap.Port);
        Assert.Contains($"POST /v1/join {code.Id} {code.Secret.Reveal()}", agent.Heard, StringComparison.Ordinal);
        Assert.True(tap.Bytes > 1000);
        Assert.False(tap.Saw(code.Secret.Reveal()));
    }

    [Fact]
    public async Task Somebody_with_his_own_CA_is_told_nothing()
    {
        // Everything but the key is as in our cluster, its id too.
        var theirs = new SampleCluster(made: DateTimeOffset.UtcNow);
        using var other = new TestMember(theirs, 1, epoch: 1);
        await using var agent = await TestAgent.StartAsync(theirs, other.Read);
        using var tap = new Wiretap(agent.Port);
        var refused = await Assert.ThrowsAsync<SequenceException>(() => JoinAsync(tap.Port));
        Assert.Contains("Nothing secret was sent", refused.Message, StringComparison.Ordinal);
        Assert.Contains(code.Pin.ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Refused, refused.Code);
        ToldNothing(agent, tap);
    }

    [Fact]
    public async Task A_swapped_bundle_after_the_first_look_does_not_help()
    {
        var theirs = new SampleCluster(made: DateTimeOffset.UtcNow);
        using var other = new TestMember(theirs, 1, epoch: 1);
        await using var honest = await TestAgent.StartAsync(ours, issuer.Read);
        await using var agent = await TestAgent.StartAsync(theirs, other.Read);
        using var tap = new Wiretap(honest.Port, agent.Port);
        var refused = await Assert.ThrowsAsync<AgentException>(() => JoinAsync(tap.Port));
        Assert.Contains("is not trusted", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, tap.Connections);
        ToldNothing(agent, tap);
        ToldNothing(honest, tap);
    }

    [Fact]
    public async Task Our_own_CA_shown_by_somebody_else_who_names_himself_the_issuer_does_not_help()
    {
        // The CA certificate is public: he shows it, and leads the host to himself.
        var theirs = new SampleCluster(made: DateTimeOffset.UtcNow);
        using var other = new TestMember(theirs, 1, epoch: 1);
        await using var last = await TestAgent.StartAsync(theirs, other.Read);
        using var tap = new Wiretap(last.Port);
        await using var first = await TestAgent.StartAsync(ours, other.Read, $"127.0.0.1:{tap.Port}");
        await Assert.ThrowsAsync<AgentException>(() => JoinAsync(first.Port));
        Assert.Equal(1, tap.Connections);
        ToldNothing(last, tap);
    }

    [Fact]
    public async Task A_certificate_that_the_system_trusts_is_worth_nothing()
    {
        using var key = SampleCluster.Key();
        var theirs = new SampleCluster(SampleCluster.OtherId, made: DateTimeOffset.UtcNow);
        using var other = new TestMember(theirs, 1, epoch: 1);
        using var trusted = await SystemTrust.AddAsync(theirs.Root.Certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ExtraStore.Add(theirs.Issuing.Certificate);
        using var certificate = theirs.Certificate(made: DateTimeOffset.UtcNow);
        // What the system has read of its store it keeps for some seconds.
        for (var i = 0; i < 600 && !chain.Build(certificate); i++)
            await Task.Delay(100);
        Assert.True(chain.Build(certificate), "the system does not trust the CA that was added to its store");

        await using var agent = await TestAgent.StartAsync(ours, other.Read);
        using var tap = new Wiretap(agent.Port);
        await Assert.ThrowsAsync<AgentException>(() => JoinAsync(tap.Port));
        Assert.Equal(2, tap.Connections);
        ToldNothing(agent, tap);
    }

    [Fact]
    public async Task A_member_is_not_the_issuer()
    {
        using var member = new TestMember(ours, 2);
        await using var agent = await TestAgent.StartAsync(ours, member.Read);
        using var tap = new Wiretap(agent.Port);
        var refused = await Assert.ThrowsAsync<AgentException>(() => JoinAsync(tap.Port));
        Assert.Contains("mx2.example.org is a member of the cluster and not its issuer", refused.Message, StringComparison.Ordinal);
        ToldNothing(agent, tap);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"protocol": 1, "cluster": null, "name": null, "issuer": null, "roots": null}""")]
    [InlineData("""{"protocol": 1, "cluster": "", "name": "", "issuer": "", "roots": []}""")]
    [InlineData("""{"protocol": 1, "cluster": "", "name": "", "issuer": "", "roots": ["-----BEGIN CERTIFICATE-----"]}""")]
    [InlineData("<html>")]
    public async Task Whatever_else_answers_there_is_told_from_a_cluster(string answer)
    {
        await using var agent = await StrangeAgent.StartAsync(issuer.Read, 200, answer);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => JoinAsync(agent.Port));
        Assert.True(refused is SequenceException or AgentException or TrustException, $"{refused}");
    }

    [Fact]
    public async Task What_a_stranger_says_does_not_command_the_terminal()
    {
        await using var agent = await StrangeAgent.StartAsync(
            issuer.Read,
            403,
            """{"code": "x", "message": "\u001b]0;gone\u0007no\u009b2J"}"""
        );
        Assert.EndsWith(
            "refused: ]0;gone" + "no2J",
            (await Assert.ThrowsAsync<AgentException>(() => JoinAsync(agent.Port))).Message,
            StringComparison.Ordinal
        );
        var roots = System.Text.Json.JsonSerializer.Serialize(new[] { ours.RootPem });
        await using var named = await StrangeAgent.StartAsync(
            issuer.Read,
            200,
            $$"""{"protocol": 1, "cluster": "", "name": "\u001b[2Jexample", "issuer": "", "roots": {{roots}}}"""
        );
        var (_, _, introduction) = await JoinSequence.MeetAsync(Here(named.Port), code, CancellationToken.None);
        Assert.Equal("[2Jexample", introduction.Name);
    }

    private void ToldNothing(TestAgent agent, Wiretap tap)
    {
        Assert.DoesNotContain("join", agent.Heard, StringComparison.Ordinal);
        Assert.False(tap.Saw(code.Secret.Reveal()));
    }

    // The two steps of a join: who is it, and then, to the issuer alone, the secret.
    private async Task JoinAsync(int port)
    {
        var (trust, at, _) = await JoinSequence.MeetAsync(Here(port), code, CancellationToken.None);
        using var client = AgentClient.Joining(trust, at.Host, at.Port, TimeProvider.System);
        await client.JoinAsync(
            new JoinRequest
            {
                Protocol = JoinRequest.ThisProtocol,
                Release = "0.1.0",
                Code = code.Id,
                Secret = code.Secret.Reveal(),
                Name = "mx3.example.org",
                Address = "192.0.2.3",
                Port = 1028,
                Location = "",
                Clock = DateTimeOffset.UtcNow,
                Users = ImmutableSortedDictionary<string, int>.Empty,
                EchoPort = 0,
                Echo = "",
                Request = "",
            },
            CancellationToken.None
        );
    }

    private static HostPort Here(int port) =>
        HostPort.TryParse($"127.0.0.1:{port}", port, out var here) ? here : throw new InvalidOperationException();
}
