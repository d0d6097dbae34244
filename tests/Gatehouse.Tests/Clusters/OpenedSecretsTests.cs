using System.Security.Cryptography;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Machines;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>What a member has of the cluster's secrets in files.</summary>
public sealed class OpenedSecretsTests : IDisposable
{
    private static readonly EncryptionKey Key = EncryptionKey.Make(RandomNumberGenerator.GetBytes(EncryptionKey.RandomBytes));
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-secrets-").FullName;

    [Fact]
    public async Task What_a_hostile_member_added_keeps_nobody_from_following_and_what_is_for_others_goes()
    {
        var machine = new LocalMachine(directory, durable: false);
        var files = new ClusterFiles(machine);
        await files.WriteSecretAsync(SealedName.FileOf("web.password-2"), new Secret("of an earlier release"), CancellationToken.None);
        var good = Sealed
            .Seal(Key, "mta.smart_host_password-2", new Secret("open"), RandomNumberGenerator.GetBytes(Sealed.NonceBytes))
            .ToString();
        await OpenedSecrets.WriteAsync(
            machine,
            Profile.Find("mail")!,
            [("mta.aaa", "hostile"), ("mta.smart_host_password-2", good), ("mta.zzz", good)],
            Key,
            new Silence(),
            CancellationToken.None
        );
        Assert.Equal(["mta.smart_host_password-2"], (await machine.ListAsync(SealedName.Directory, CancellationToken.None)).AsEnumerable());
        Assert.Equal("open\n", files.Read(SealedName.FileOf("mta.smart_host_password-2")));
    }

    [Fact]
    public async Task A_password_goes_with_the_version_that_brought_it()
    {
        var machine = new LocalMachine(directory, durable: false);
        var files = new ClusterFiles(machine);
        foreach (
            var name in new[]
            {
                "mta.smart_host_password",
                "mta.smart_host_password-2",
                "mta.smart_host_password-3-0123abcd",
                "mta.smart_host_password-4-0123abcd",
            }
        )
            await files.WriteSecretAsync(SealedName.FileOf(name), new Secret("open"), CancellationToken.None);
        var kept = Sealed
            .Seal(Key, "mta.smart_host_password-4-0123abcd", new Secret("open"), RandomNumberGenerator.GetBytes(Sealed.NonceBytes))
            .ToString();
        await OpenedSecrets.WriteAsync(
            machine,
            Profile.Find("mail")!,
            [("mta.smart_host_password-4-0123abcd", kept)],
            Key,
            new Silence(),
            CancellationToken.None
        );
        Assert.Equal(
            ["mta.smart_host_password", "mta.smart_host_password-4-0123abcd"],
            (await machine.ListAsync(SealedName.Directory, CancellationToken.None)).Order(StringComparer.Ordinal)
        );
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
