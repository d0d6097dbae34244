using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Founding;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Gatehouse.Terminal;
using Xunit;
using SealedSecret = Gatehouse.Registry.SealedSecret;

namespace Gatehouse.Tests.Clusters;

/// <summary>What a backup holds, who can be restored from it where, and the trust that a restored cluster begins with.</summary>
public sealed class BackupTests : IDisposable
{
    private static readonly NewTrust Trust = NewTrust.Make(
        "post",
        "db1.example.org",
        IPAddress.Parse("192.0.2.1"),
        TimeProvider.System.GetUtcNow()
    );
    private readonly string tree = Directory.CreateTempSubdirectory("gatehouse-backup").FullName;

    public void Dispose() => Directory.Delete(tree, recursive: true);

    [Fact]
    public void A_content_comes_back_as_it_was_written()
    {
        var backup = Make();
        Assert.True(ClusterBackup.TryRead(backup.Write(), out var read, out var problem), problem);
        Assert.Equal(backup.Write(), read.Write());
        Assert.Equal((backup.Cluster, backup.Root, 4), (read.Cluster, read.Root, read.Members.Count()));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1, 2]")]
    [InlineData("{\"cluster\": 3}")]
    public void A_content_of_another_kind_is_refused(string text) =>
        Assert.False(ClusterBackup.TryRead(System.Text.Encoding.UTF8.GetBytes(text), out _, out _));

    [Fact]
    public void A_content_without_what_a_cluster_needs_is_refused()
    {
        var backup = Make();
        foreach (var without in new[] { backup with { Authorities = [] }, backup with { Settings = [] }, backup with { Nodes = [] } })
        {
            Assert.False(ClusterBackup.TryRead(without.Write(), out _, out var problem));
            Assert.Contains("holds no", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_was_not_good_everywhere_does_not_come_into_force()
    {
        var backup = Make();
        Assert.Equal(2, backup.InForce.Number);
        Assert.Equal([SettingsState.Good, SettingsState.Good, SettingsState.Withdrawn], backup.Versions().Select(v => v.State));
    }

    [Theory]
    [InlineData("db1.example.org", 1)]
    [InlineData("db3.example.org", 3)]
    public void A_host_becomes_the_node_whose_name_it_has(string name, int number)
    {
        var problems = new List<string>();
        var host = RestoreRules.Host(Make(), new RestoreWish(null, null, null), name, [IPAddress.Parse("192.0.2.77")], problems);
        Assert.Empty(problems);
        Assert.Equal((number, "192.0.2.77"), (host!.Former.Node.Number, host.Address.ToString()));
    }

    [Fact]
    public void A_host_keeps_the_address_that_the_others_know_or_gets_the_one_that_is_named()
    {
        var addresses = ImmutableArray.Create(IPAddress.Parse("192.0.2.77"), IPAddress.Parse("192.0.2.1"));
        var problems = new List<string>();
        Assert.Equal(
            "192.0.2.1",
            RestoreRules.Host(Make(), new RestoreWish(null, null, null), "db1.example.org", addresses, problems)!.Address.ToString()
        );
        Assert.Equal(
            "192.0.2.9",
            RestoreRules.Host(Make(), new RestoreWish("db3.example.org", "192.0.2.9", null), "", addresses, problems)!.Address.ToString()
        );
        Assert.Empty(problems);
        Assert.Null(RestoreRules.Host(Make(), new RestoreWish("db3.example.org", null, null), "", addresses, problems));
        Assert.Contains("--address", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mx2.example.org", "has the profile mail")]
    [InlineData("mx4.example.org", "there is no node")]
    [InlineData("nobody.example.org", "there is no node")]
    [InlineData("", "no fully qualified name")]
    public void Who_cannot_hold_the_registry_is_refused_and_those_who_can_are_named(string name, string said)
    {
        var problems = new List<string>();
        Assert.Null(
            RestoreRules.Host(
                Make(),
                new RestoreWish(name.Length == 0 ? null : name, null, null),
                "",
                [IPAddress.Parse("192.0.2.1")],
                problems
            )
        );
        Assert.Contains(said, Assert.Single(problems), StringComparison.Ordinal);
        Assert.Contains("db1.example.org (full), db3.example.org (backend)", problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_whose_backends_answer_is_not_begun_again_but_by_force()
    {
        var nodes = SampleView.Make().Nodes;
        Assert.Null(RestoreRules.Alive([nodes[1]], force: false));
        Assert.Contains("db3.example.org answers", RestoreRules.Alive([nodes[1], nodes[2]], force: false), StringComparison.Ordinal);
        Assert.Null(RestoreRules.Alive([nodes[2]], force: true));
    }

    [Fact]
    public void A_wrong_token_and_a_secret_of_another_key_are_both_told()
    {
        Assert.Empty(RestoreRules.Content(Make(), Trust.MasterToken, Trust.EncryptionKey));
        var problems = RestoreRules
            .Content(Make(), MasterToken.Make(new byte[MasterToken.RandomBytes]), EncryptionKey.Make(new byte[EncryptionKey.RandomBytes]))
            .ToArray();
        Assert.Equal(2, problems.Length);
    }

    [Theory]
    [InlineData("/etc/gatehouse/dkim/gatehouse.txt", true)]
    [InlineData("/etc/exim4/gatehouse/dkim.key", true)]
    [InlineData("/etc/gatehouse/secrets/answers/web.password", true)]
    [InlineData("/etc/gatehouse/secrets/encryption-key", false)]
    [InlineData("/etc/gatehouse/dkim/../../shadow", false)]
    [InlineData("/etc/gatehouse/dkim/..", false)]
    [InlineData("/etc/gatehouse/dkim/", false)]
    [InlineData("/etc/shadow", false)]
    public void A_backup_brings_no_file_elsewhere(string path, bool isOwn) => Assert.Equal(isOwn, OwnFiles.IsOwn(path));

    [Fact]
    public void Token_and_key_are_found_in_what_bootstrap_wrote_and_both_mistakes_are_told()
    {
        var (token, key) = (Trust.MasterToken.Text.Reveal(), Trust.EncryptionKey.Text.Reveal());
        var text = $"# Cluster post\nMaster token:   {token}\r\nEncryption key: {key}\n";
        var given = KeysInput.Of(KeysInput.Pick(text, "GHEK-"), KeysInput.Pick(text, "GHMT-"));
        Assert.Empty(given.Problems);
        Assert.Equal((Trust.MasterToken.Id, Trust.EncryptionKey.Id), (given.Token!.Id, given.Key!.Id));
        Assert.Equal(2, KeysInput.Of(token, key).Problems.Count);
        Assert.Equal(2, KeysInput.Of(null, null).Problems.Count);
    }

    [Fact]
    public async Task The_new_trust_has_the_old_root_and_lets_in_nobody_of_before()
    {
        var (files, backup) = (new ClusterFiles(new LocalMachine(tree)), Make());
        var purpose = new RestoredTrust.Purpose("hash", "db1.example.org", "192.0.2.1");
        Assert.Null(RestoredTrust.Read(files, purpose, TimeProvider.System.GetUtcNow()));
        var host = new RestoringHost(backup.Nodes[0], IPAddress.Parse("192.0.2.1"), "");
        var made = await RestoredTrust.MakeAsync(
            files,
            purpose,
            backup,
            6,
            host,
            Trust.MasterToken,
            Trust.EncryptionKey,
            TimeProvider.System,
            default
        );

        var store = TrustStore.Read(files.ReadTrust("cluster-ca.pem")!, files.ReadTrust("cluster.crl")!);
        using var root = X509Certificate2.CreateFromPem(Trust.Root);
        Assert.Equal(root.RawData, Assert.Single(store.Roots).RawData);
        Assert.Equal(Distrust.IssuerRevoked, Judge(store, Trust.Node.Pem).Finding!.Code);
        var judged = Judge(store, made.Node.Pem);
        Assert.True(judged.IsTrusted, judged.Finding?.Message);
        Assert.Equal((6, (long?)(1L + RestoreRules.Leap)), (judged.Identity!.Number, judged.Identity.IssuerEpoch));
        Assert.Equal([AuthorityState.Current, AuthorityState.Retired, AuthorityState.Current], made.Authorities.Select(a => a.State));
        Assert.Contains(store.RevocationLists, l => l.Number > RestoreRules.Leap);
        Assert.DoesNotContain(
            Trust.MasterToken.Text.Reveal(),
            string.Concat(Directory.GetFiles(tree, "*", SearchOption.AllDirectories).Select(File.ReadAllText)),
            StringComparison.Ordinal
        );

        // A run that was cut off is gone on with; another backup or node begins anew.
        Assert.Equal(made.Node, RestoredTrust.Read(files, purpose, TimeProvider.System.GetUtcNow())!.Node);
        Assert.Null(RestoredTrust.Read(files, purpose with { Backup = "other" }, TimeProvider.System.GetUtcNow()));
        Assert.Null(RestoredTrust.Read(files, purpose, TimeProvider.System.GetUtcNow().AddDays(91)));
    }

    private static Judgement Judge(TrustStore store, string chain)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(chain);
        return store.Judge(all[0], all.Skip(1), TimeProvider.System.GetUtcNow(), Purpose.Client);
    }

    private static ClusterBackup Make()
    {
        var view = SampleView.Make();
        using X509Certificate2 root = X509Certificate2.CreateFromPem(Trust.Root),
            issuing = X509Certificate2.CreateFromPem(Trust.Issuing);
        var secret = Sealed.Seal(
            Trust.EncryptionKey,
            "web.password",
            new Secret("hunter2hunter2"),
            RandomNumberGenerator.GetBytes(Sealed.NonceBytes)
        );
        return new ClusterBackup
        {
            Cluster = view.Cluster with { Id = Trust.ClusterId },
            Nodes = [.. view.Nodes.Select(n => new FormerNode(n, "version: 1\n"))],
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
            Settings =
            [
                new SettingsVersion(1, 0, "version: 1\n", SettingsState.Good, 1, SampleView.Now, ""),
                new SettingsVersion(2, 1, "version: 1\n", SettingsState.Good, 2, SampleView.Now, ""),
                new SettingsVersion(3, 2, "version: 1\n", SettingsState.Following, 1, SampleView.Now, ""),
            ],
            Secrets = [new SealedSecret("web.password", Trust.EncryptionKey.Id, secret.ToString())],
            Own = [new OwnFile("/etc/gatehouse/dkim/gatehouse.txt", [1, 2, 3])],
            Events = 12,
            LastEvent = new string('0', 64),
        };
    }
}
