using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>Keys, certificates and secrets are made once and kept for as long as they fit.</summary>
public sealed class MaterialMakerTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("gatehouse-material");
    private readonly LocalMachine machine;
    private readonly GatewaySettings settings = Samples.Settings(Samples.Minimal);

    public MaterialMakerTests() => machine = new LocalMachine(root.FullName, durable: false);

    public void Dispose() => root.Delete(true);

    [Fact]
    public async Task What_was_made_before_is_kept()
    {
        var first = await ObtainAsync(Samples.Now);
        await KeepAsync(first);
        var second = await ObtainAsync(Samples.Now.AddDays(1));
        Assert.Equal(first.Mta!.CertificatePem, second.Mta!.CertificatePem);
        Assert.Equal(first.Mta.KeyPem.Reveal().Trim(), second.Mta.KeyPem.Reveal().Trim());
        Assert.Equal(first.RedisPassword, second.RedisPassword);
        Assert.Equal(first.WebPassword, second.WebPassword);
        Assert.Equal(first.WebPasswordHash, second.WebPasswordHash);
    }

    [Fact]
    public async Task A_certificate_near_its_end_or_for_another_name_is_made_anew()
    {
        var first = await ObtainAsync(Samples.Now);
        await KeepAsync(first);
        Assert.NotEqual(first.Mta!.CertificatePem, (await ObtainAsync(Samples.Now.AddDays(800))).Mta!.CertificatePem);
        var renamed = settings with { Mta = settings.Mta! with { HostName = "other.example.org" } };
        var other = await MaterialMaker.ObtainAsync(renamed, machine, Samples.Now, CancellationToken.None);
        using var certificate = X509Certificate2.CreateFromPem(other.Mta!.CertificatePem);
        Assert.True(certificate.MatchesHostname("other.example.org"));
    }

    [Fact]
    public async Task Another_password_gives_another_hash()
    {
        await KeepAsync(await ObtainAsync(Samples.Now));
        var given = settings with { Web = settings.Web! with { Password = new Password(PasswordSource.Given, new Secret("another")) } };
        var hash = (await MaterialMaker.ObtainAsync(given, machine, Samples.Now, CancellationToken.None)).WebPasswordHash!.Reveal();
        Assert.StartsWith("$6$", hash, StringComparison.Ordinal);
        Assert.NotEqual((await ObtainAsync(Samples.Now)).WebPasswordHash!.Reveal(), hash);
    }

    [Fact]
    public async Task A_host_without_what_a_cluster_gives_its_members_cannot_be_one()
    {
        var member = Samples.Settings(Samples.Member("database"));
        var none = await Assert.ThrowsAsync<MachineException>(() =>
            MaterialMaker.ObtainAsync(member, machine, Samples.Now, CancellationToken.None).AsTask()
        );
        Assert.Contains("gatehouse join", none.Message, StringComparison.Ordinal);
        await GiveAsync("node", "mx1.example.org");
        var half = await Assert.ThrowsAsync<MachineException>(() =>
            MaterialMaker.ObtainAsync(member, machine, Samples.Now, CancellationToken.None).AsTask()
        );
        Assert.Contains("cluster-ca.pem is missing", half.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_takes_over_what_its_cluster_gave_and_has_no_more_than_its_duties_need()
    {
        var (key, certificate) = await GiveAsync("node", "mx1.example.org");
        await WriteAsync("cluster-ca.pem", "the roots");
        await WriteAsync("cluster.crl", "the lists");
        var database = await MaterialMaker.ObtainAsync(
            Samples.Settings(Samples.Member("database")),
            machine,
            Samples.Now,
            CancellationToken.None
        );
        Assert.Equal((key, certificate), (database.Cluster!.Node.KeyPem.Reveal(), database.Cluster.Node.CertificatePem));
        Assert.Equal(("the roots", "the lists"), (database.Cluster.RootsPem, database.Cluster.RevocationListsPem));
        Assert.Null(database.Cluster.Issuer);
        Assert.True(
            database is { Mta: null, Web: null, RedisPassword: null, ControllerPassword: null, WebPassword: null, WebPasswordHash: null }
        );
        await GiveAsync("issuer", "the issuing CA");
        await machine.WriteAsync(
            "/etc/gatehouse/secrets/sealed/cluster.web-password",
            new Item(EntryKind.File, Ownership.Default, FileContent.Of("the same everywhere\n")),
            CancellationToken.None
        );
        var mail = await MaterialMaker.ObtainAsync(
            Samples.Settings(Samples.Member("node") + "  certificate: cluster\n"),
            machine,
            Samples.Now,
            CancellationToken.None
        );
        Assert.NotNull(mail.Cluster!.Issuer);
        Assert.Equal(mail.Cluster.Node, mail.Mta);
        Assert.NotEqual(mail.Cluster.Node, mail.Web);
        Assert.Equal("the same everywhere", mail.WebPassword!.Reveal());
    }

    [Fact]
    public async Task A_key_that_is_not_that_of_the_certificate_beside_it_is_refused()
    {
        await GiveAsync("node", "mx1.example.org");
        var (other, _) = Pair("mx1.example.org");
        await WriteAsync("node.key", other);
        await WriteAsync("cluster-ca.pem", "the roots");
        await WriteAsync("cluster.crl", "the lists");
        var problem = await Assert.ThrowsAsync<MachineException>(() =>
            MaterialMaker.ObtainAsync(Samples.Settings(Samples.Member("mail")), machine, Samples.Now, CancellationToken.None).AsTask()
        );
        Assert.Contains("node.key does not match node.crt", problem.Message, StringComparison.Ordinal);
    }

    private async Task<(string Key, string Certificate)> GiveAsync(string file, string name)
    {
        var (key, certificate) = Pair(name);
        await WriteAsync($"{file}.key", key);
        await WriteAsync($"{file}.crt", certificate);
        return (key, certificate);
    }

    private ValueTask WriteAsync(string file, string text) =>
        machine.WriteAsync(
            $"{MaterialMaker.ClusterPki}/{file}",
            new Item(EntryKind.File, Ownership.Default, FileContent.Of(text)),
            CancellationToken.None
        );

    private static (string Key, string Certificate) Pair(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(Samples.Address("192.0.2.10"));
        names.AddUri(new Uri($"urn:gatehouse:{new string('a', 32)}:node:1"));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(Samples.Now.AddDays(-1), Samples.Now.AddDays(89));
        return (key.ExportPkcs8PrivateKeyPem(), certificate.ExportCertificatePem());
    }

    private async Task<Material> ObtainAsync(DateTimeOffset now) =>
        await MaterialMaker.ObtainAsync(settings, machine, now, CancellationToken.None);

    // As an apply would leave it.
    private async Task KeepAsync(Material material)
    {
        var node = Samples.Renderer.Render(settings, material, "");
        foreach (var entry in node.Entries.Where(e => e.Kind == EntryKind.File))
            await machine.WriteAsync(entry.Path, new Item(EntryKind.File, entry.Owner, node.Contents[entry.Hash]), CancellationToken.None);
    }
}
