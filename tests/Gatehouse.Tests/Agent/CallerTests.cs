using Gatehouse.Agent;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>Who calls the agent is judged anew with every request.</summary>
public sealed class CallerTests : IDisposable
{
    private readonly SampleCluster cluster = new(made: DateTimeOffset.UtcNow);
    private readonly TestMember here;
    private readonly TestMember caller;

    public CallerTests() => (here, caller) = (new TestMember(cluster, 1, epoch: 1), new TestMember(cluster, 2));

    public void Dispose()
    {
        here.Dispose();
        caller.Dispose();
    }

    [Fact]
    public async Task A_member_is_answered()
    {
        await using var agent = await TestAgent.StartAsync(cluster, here.Read);
        using var client = Call(caller, agent);
        Assert.Equal("n1.example.org", (await client.StatusAsync(CancellationToken.None)).Name);
        Assert.Equal("GET /v1/status mx2.example.org", agent.Heard);
    }

    [Fact]
    public async Task Without_a_certificate_there_is_no_answer_but_for_joining()
    {
        await using var agent = await TestAgent.StartAsync(cluster, here.Read);
        using var client = AgentClient.Stranger("127.0.0.1", agent.Port);
        Assert.Equal(
            "no-certificate",
            (await Assert.ThrowsAsync<AgentException>(() => client.StatusAsync(CancellationToken.None))).Refusal?.Code
        );
        Assert.NotEmpty((await client.IntroductionAsync(CancellationToken.None)).Roots);

        using var handler = new HttpClientHandler();
#pragma warning disable CA5400, CA5399 // Only the answer's number is looked at.
        handler.ServerCertificateCustomValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5400, CA5399
        using var http = new HttpClient(handler);
        using var response = await http.GetAsync(new Uri($"https://127.0.0.1:{agent.Port}/v1/status"));
        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal("GET /v1/introduction", agent.Heard);
    }

    [Fact]
    public async Task A_certificate_of_another_cluster_does_not_come_past_the_handshake()
    {
        var theirs = new SampleCluster(made: DateTimeOffset.UtcNow);
        using var other = new TestMember(theirs, 2);
        await using var agent = await TestAgent.StartAsync(cluster, here.Read);
        // It would even believe the agent's certificate.
        using var client = new HttpClient(
            new SocketsHttpHandler { SslOptions = Believing(MemberTls.Client(other.Read(), "127.0.0.1", TimeProvider.System, _ => { })) }
        );
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"https://127.0.0.1:{agent.Port}/v1/status")));
        Assert.Equal("", agent.Heard);
    }

    [Fact]
    public async Task A_revoked_member_is_refused_also_on_a_connection_that_was_open_before()
    {
        await using var agent = await TestAgent.StartAsync(cluster, here.Read);
        using var tap = new Wiretap(agent.Port);
        using var client = Call(caller, tap.Port);
        await client.StatusAsync(CancellationToken.None);
        here.Learn(caller.Serial);
        var refused = await Assert.ThrowsAsync<AgentException>(() => client.StatusAsync(CancellationToken.None));
        Assert.Equal("certificate-revoked", refused.Refusal?.Code);
        Assert.Equal(1, tap.Connections);

        using var again = Call(caller, agent);
        await Assert.ThrowsAsync<AgentException>(() => again.StatusAsync(CancellationToken.None));
        Assert.Equal("GET /v1/status mx2.example.org", agent.Heard);
    }

    [Fact]
    public async Task A_member_does_not_take_a_revoked_agent_for_a_member_nor_another_node_for_the_one_it_called()
    {
        await using var agent = await TestAgent.StartAsync(cluster, here.Read);
        using (var elsewhere = AgentClient.Member(caller.Read(), "127.0.0.2", agent.Port, TimeProvider.System))
            Assert.Contains(
                "is not for 127.0.0.2",
                (await Assert.ThrowsAsync<AgentException>(() => elsewhere.StatusAsync(CancellationToken.None))).Message,
                StringComparison.Ordinal
            );
        caller.Learn(here.Serial);
        using var client = Call(caller, agent);
        Assert.Contains(
            "revoked",
            (await Assert.ThrowsAsync<AgentException>(() => client.StatusAsync(CancellationToken.None))).Message,
            StringComparison.Ordinal
        );
    }

    private static AgentClient Call(TestMember caller, TestAgent agent) => Call(caller, agent.Port);

    private static AgentClient Call(TestMember caller, int port) =>
        AgentClient.Member(caller.Read(), "127.0.0.1", port, TimeProvider.System);

    private static System.Net.Security.SslClientAuthenticationOptions Believing(System.Net.Security.SslClientAuthenticationOptions options)
    {
#pragma warning disable CA5359 // It is the agent that is to refuse.
        options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return options;
    }
}
