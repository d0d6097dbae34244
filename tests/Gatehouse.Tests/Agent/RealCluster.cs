using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gatehouse.Agent;
using Gatehouse.Agent.Service;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Gatehouse.Tests.Registry;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>
/// The first node of a cluster with everything real but the host: trust as bootstrap makes it, PostgreSQL by its certificates
/// and revocation lists, and the agent's own process, as often as it is asked for.
/// </summary>
public sealed class RealCluster : IAsyncLifetime
{
    public const string First = "n1.example.org";
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-real-").FullName;
    private int codes;
    private int addresses;

    public RealCluster()
    {
        Trust = NewTrust.Make("Post", First, IPAddress.Parse("192.0.2.1"), DateTimeOffset.UtcNow);
        Lists = Trust.RevocationLists.Root + Trust.RevocationLists.Issuing;
        Server = new RegistryServer(new ServerTrustFiles(Trust.Node.Pem, Trust.NodeKey, Trust.Root, Lists));
    }

    internal NewTrust Trust { get; }

    internal string Lists { get; }

    internal RegistryServer Server { get; }

    /// <summary>The registry as the issuer has it.</summary>
    internal ClusterRegistry Registry { get; private set; } = null!;

    internal string Pki => Path.Combine(directory, "pki");

    public async Task InitializeAsync()
    {
        Write("pki/cluster-ca.pem", Trust.Root);
        Write("pki/cluster.crl", Lists);
        Write("pki/node.crt", Trust.Node.Pem);
        Write("pki/node.key", Trust.NodeKey);
        Write("pki/issuer.crt", Trust.Issuing);
        Write("pki/issuer.key", Trust.IssuingKey);
        Write("pki/encryption-key", Trust.EncryptionKey.Text.Reveal() + "\n");
        await Server.InitializeAsync();
        await ClusterRegistry.CreateDatabaseAsync(Server.Socket, Server.Port);
        await using var local = ClusterRegistry.OpenLocal(Server.Socket, Server.Port);
        await local.MigrateAsync();
        using X509Certificate2 root = X509Certificate2.CreateFromPem(Trust.Root),
            issuing = X509Certificate2.CreateFromPem(Trust.Issuing);
        await local.InitialiseAsync(
            new NewCluster
            {
                Id = Trust.ClusterId,
                Name = "Post",
                Promotion = SHA256.HashData(Trust.MasterToken.PromotionProof(Trust.ClusterId)),
                NodeName = First,
                Place = new NodePlace(IPAddress.Parse("192.0.2.1"), 1028, ""),
                Profile = "full",
                NodeAnswers = "version: 1\n",
                Certificate = Trust.Node,
                Authorities =
                [
                    new Authority(Issuer.FingerprintOf(root), AuthorityKind.Root, AuthorityState.Current, Trust.Root, Trust.SealedRootKey),
                    new Authority(Issuer.FingerprintOf(issuing), AuthorityKind.Issuing, AuthorityState.Current, Trust.Issuing, null),
                ],
                RevocationLists =
                [
                    new(Issuer.FingerprintOf(root), 1, Trust.RevocationLists.Root),
                    new(Issuer.FingerprintOf(issuing), 1, Trust.RevocationLists.Issuing),
                ],
                Answers = "version: 1\n",
            }
        );
        Registry = RegistryAccess.Open(Node(), Pki);
    }

    public async Task DisposeAsync()
    {
        if (Registry is not null)
            await Registry.DisposeAsync();
        await Server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>What the first node knows of itself.</summary>
    internal LocalNode Node(long epoch = 1) =>
        new()
        {
            Cluster = Trust.ClusterId,
            ClusterName = "Post",
            Number = 1,
            Name = First,
            Profile = "full",
            Epoch = epoch,
            SettingsVersion = 1,
            Followed = "",
            Units = [],
            Databases = [$"127.0.0.1:{Server.Port}"],
        };

    /// <summary>Starts the agent of the first node.</summary>
    /// <param name="epoch">The epoch that the node has seen.</param>
    /// <param name="clock">Its clock; null for the real one.</param>
    internal async Task<RealAgent> StartAsync(long epoch = 1, TimeProvider? clock = null)
    {
        var own = Directory.CreateTempSubdirectory("gatehouse-agent-").FullName;
        var places = new AgentPlaces
        {
            Pki = Pki,
            Node = Path.Combine(own, "cluster.json"),
            View = Path.Combine(own, "view.json"),
            Sign = Path.Combine(own, "follow"),
            Quiet = Path.Combine(own, "quiet"),
            Hosts = null,
            Port = RegistryServer.FreePort(),
        };
        await File.WriteAllTextAsync(places.Node, JsonSerializer.Serialize(Node(epoch), Wire.Default.LocalNode));
        return await RealAgent.StartAsync(places, own, TrustStore.Read(Trust.Root, ""), clock ?? TimeProvider.System);
    }

    /// <summary>A code for a node of its own, as <c>gatehouse invite</c> makes it.</summary>
    internal async Task<Invitation> InviteAsync(string? name = null, string profile = "mail", TimeSpan? life = null) =>
        await Invitation.MakeAsync(
            Registry,
            await Registry.ViewAsync(),
            name ?? $"mx{Interlocked.Increment(ref codes)}.example.org",
            profile,
            DateTimeOffset.UtcNow + (life ?? TimeSpan.FromHours(3)),
            false,
            CancellationToken.None
        );

    /// <summary>What a host sends that joins with a code; every host has an address of its own.</summary>
    internal JoinRequest Request(Invitation code, string signingRequest) =>
        new()
        {
            Protocol = JoinRequest.ThisProtocol,
            Release = Release.Version,
            Code = code.Code.Id,
            Secret = code.Code.Secret.Reveal(),
            Name = code.Name,
            Address = $"198.18.0.{Interlocked.Increment(ref addresses)}",
            Port = 1028,
            Location = "",
            Clock = DateTimeOffset.UtcNow,
            Users = ImmutableSortedDictionary<string, int>.Empty,
            EchoPort = 0,
            Echo = "",
            Request = signingRequest,
        };

    /// <summary>Joins as a host; its certificates are put where an agent reads them.</summary>
    internal async Task<(JoinGrant Grant, ECDsa Key)> JoinAsync(RealAgent agent, Invitation code, string directory)
    {
        var key = NewTrust.NewKey();
        var grant = (await agent.JoinAsync(Request(code, SigningRequest.Make(key)))).Grant!;
        await File.WriteAllTextAsync(Path.Combine(directory, "node.crt"), grant.Certificate);
        await File.WriteAllTextAsync(Path.Combine(directory, "node.key"), key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Path.Combine(directory, "cluster-ca.pem"), Trust.Root);
        await File.WriteAllTextAsync(Path.Combine(directory, "cluster.crl"), Lists);
        return (grant, key);
    }

    /// <summary>What a fresh key asks for.</summary>
    internal static string Fresh()
    {
        using var key = NewTrust.NewKey();
        return SigningRequest.Make(key);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

/// <summary>An agent's process, and those who call it.</summary>
internal sealed class RealAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly AgentPlaces places;
    private readonly string own;
    private readonly TrustStore trust;
    private readonly Task running;

    private RealAgent(AgentPlaces places, string own, TrustStore trust, TimeProvider clock)
    {
        (this.places, this.own, this.trust) = (places, own, trust);
        running = AgentProcess.RunAsync(
            places,
            new Gatehouse.Machines.LocalMachine(),
            clock,
            Release.Version,
            line => Log.Enqueue(line),
            stop.Token
        );
    }

    public int Port => places.Port;

    /// <summary>What it has told.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Log { get; } = new();

    public static async Task<RealAgent> StartAsync(AgentPlaces places, string own, TrustStore trust, TimeProvider clock)
    {
        var agent = new RealAgent(places, own, trust, clock);
        while (agent.Log.IsEmpty && !agent.running.IsCompleted)
            await Task.Delay(20);
        if (agent.running.IsCompleted)
            await agent.running;
        return agent;
    }

    /// <summary>As a host that joins.</summary>
    public AgentClient Joining() => AgentClient.Joining(trust, "127.0.0.1", Port, TimeProvider.System);

    /// <summary>As a member.</summary>
    public AgentClient Member(Credentials credentials) => AgentClient.Member(credentials, "127.0.0.1", Port, TimeProvider.System);

    /// <summary>Sends a request to join; the code of the refusal, or of the finding that was in the way, or empty when there is a
    /// grant.</summary>
    public async Task<(string Refused, JoinGrant? Grant)> JoinAsync(JoinRequest request)
    {
        using var client = Joining();
        try
        {
            var answer = await client.JoinAsync(request, CancellationToken.None);
            return (string.Join(' ', answer.Findings.Where(f => f.IsError).Select(f => f.Code)), answer.Grant);
        }
        catch (AgentException e) when (e.Refusal is { } refusal)
        {
            return (refusal.Code, null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
        Directory.Delete(own, recursive: true);
    }
}

/// <summary>The tests that share the cluster; one after the other.</summary>
[CollectionDefinition("real cluster")]
public sealed class RealClusterCollection : ICollectionFixture<RealCluster>;
