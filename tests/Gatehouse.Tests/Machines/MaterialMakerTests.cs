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
        Assert.Equal(first.Mta.CertificatePem, second.Mta.CertificatePem);
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
        Assert.NotEqual(first.Mta.CertificatePem, (await ObtainAsync(Samples.Now.AddDays(800))).Mta.CertificatePem);
        var renamed = settings with { Mta = settings.Mta with { HostName = "other.example.org" } };
        var other = await MaterialMaker.ObtainAsync(renamed, machine, Samples.Now, CancellationToken.None);
        using var certificate = X509Certificate2.CreateFromPem(other.Mta.CertificatePem);
        Assert.True(certificate.MatchesHostname("other.example.org"));
    }

    [Fact]
    public async Task Another_password_gives_another_hash()
    {
        await KeepAsync(await ObtainAsync(Samples.Now));
        var given = settings with { Web = settings.Web with { Password = new Password(PasswordSource.Given, new Secret("another")) } };
        var hash = (await MaterialMaker.ObtainAsync(given, machine, Samples.Now, CancellationToken.None)).WebPasswordHash.Reveal();
        Assert.StartsWith("$6$", hash, StringComparison.Ordinal);
        Assert.NotEqual((await ObtainAsync(Samples.Now)).WebPasswordHash.Reveal(), hash);
    }

    private async Task<Material> ObtainAsync(DateTimeOffset now) => await MaterialMaker.ObtainAsync(settings, machine, now, CancellationToken.None);

    // As an apply would leave it.
    private async Task KeepAsync(Material material)
    {
        var node = Samples.Renderer.Render(settings, material, "");
        foreach (var entry in node.Entries.Where(e => e.Kind == EntryKind.File))
            await machine.WriteAsync(entry.Path, new Item(EntryKind.File, entry.Owner, node.Contents[entry.Hash]), CancellationToken.None);
    }
}
