using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Registry;
using Npgsql;
using Xunit;

namespace Gatehouse.Tests.Registry;

/// <summary>A cluster in a database of its own, with its first node and those that a test lets join.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public const string Secret = "the code's secret";
    private const int SaltBytes = 16;
    private readonly RegistryServer server;
    private readonly List<ClusterRegistry> opened = [];
    private int codes;

    public TestCluster(RegistryServer server, string database, ClusterRegistry local)
    {
        (this.server, Database, Local) = (server, database, local);
        Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        FirstName = NameOf("db1");
        FirstIdentity = server.Authority.Issue(FirstName);
        First = Open(server.Login(Database, FirstName, FirstIdentity));
    }

    public string Database { get; }

    public string Id { get; }

    public string FirstName { get; }

    public Identity FirstIdentity { get; }

    /// <summary>The registry as the administrator of the database's host has it.</summary>
    public ClusterRegistry Local { get; }

    /// <summary>The registry as the first node has it, the issuer.</summary>
    public ClusterRegistry First { get; }

    /// <summary>What the master token proves itself with.</summary>
    public byte[] Proof { get; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>Logins belong to the whole server, so names are of this test alone.</summary>
    public string NameOf(string host) => $"{host}.{Database}.example.org";

    public NewCluster Beginning() =>
        new()
        {
            Id = Id,
            Name = "Post",
            Promotion = SHA256.HashData(Proof),
            NodeName = FirstName,
            Place = Place(1),
            Profile = "database",
            NodeAnswers = "system: {}\n",
            Certificate = FirstIdentity.Issued,
            Authorities = [server.Authority.Root, server.Authority.Issuing],
            RevocationLists =
            [
                new(server.Authority.Root.Fingerprint, 1, "root list"),
                new(server.Authority.Issuing.Fingerprint, 1, "issuing list"),
            ],
            Answers = "version: 1\n",
        };

    public static NodePlace Place(int last) => new(IPAddress.Parse($"192.0.2.{last}"), 1028, "");

    public ClusterRegistry Open(DatabaseLogin login)
    {
        var registry = ClusterRegistry.Open(login);
        opened.Add(registry);
        return registry;
    }

    public ClusterRegistry Open(string node, Identity identity) => Open(server.Login(Database, node, identity));

    public async Task<int> InviteAsync(string name, string profile = "mail", TimeSpan? life = null, bool replace = false)
    {
        var id = Interlocked.Increment(ref codes);
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        await First.InviteAsync(
            new NewCode(
                id,
                name,
                profile,
                (byte[])[.. salt, .. Verifier(salt, Secret)],
                DateTimeOffset.UtcNow + (life ?? TimeSpan.FromHours(3))
            ),
            replace
        );
        return id;
    }

    public Task<RedeemedCode> RedeemAsync(
        int code,
        Identity identity,
        NodePlace place,
        string secret = Secret,
        long epoch = 1,
        ClusterRegistry? by = null,
        string? cluster = null,
        Func<AdmittedNode, IssuedCertificate>? sign = null
    ) =>
        (by ?? First).RedeemAsync(
            epoch,
            new RedeemRequest(cluster ?? Id, code, identity.Issued.KeyHash, place, "198.51.100.7"),
            stored =>
                CryptographicOperations.FixedTimeEquals(
                    Verifier(stored.Verifier.Span[..SaltBytes], secret),
                    stored.Verifier.Span[SaltBytes..]
                ),
            sign ?? (_ => identity.Issued)
        );

    /// <summary>Lets a node join and makes it active.</summary>
    public async Task<(int Number, string Name, ClusterRegistry Registry)> JoinAsync(string host, int address, string profile = "mail")
    {
        var name = NameOf(host);
        var identity = server.Authority.Issue(name);
        var redeemed = await RedeemAsync(await InviteAsync(name, profile), identity, Place(address));
        await First.ActivateAsync(1, redeemed.Number);
        return (redeemed.Number, name, Open(name, identity));
    }

    /// <summary>Runs a statement as the superuser.</summary>
    public async Task<object?> AdministratorAsync(string sql)
    {
        await using var command = Local.Source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Runs a statement on a login's own connection and returns PostgreSQL's error state; empty when there was none.</summary>
    public static async Task<string> TryAsync(ClusterRegistry registry, string sql)
    {
        try
        {
            await using var command = registry.Source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
            return "";
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }

    /// <summary>The kind of failure that something ends in, and the message.</summary>
    public static async Task<RegistryException> FailureAsync(RegistryFailure failure, Func<Task> work)
    {
        var e = await Assert.ThrowsAnyAsync<RegistryException>(work);
        Assert.True(failure == e.Failure, e.ToString());
        return e;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var registry in opened)
            await registry.DisposeAsync();
        await Local.DisposeAsync();
    }

    private static byte[] Verifier(ReadOnlySpan<byte> salt, string secret) => HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(secret));
}
