using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;
using RevocationList = Gatehouse.Registry.RevocationList;

namespace Gatehouse.Cluster.Founding;

/// <summary>What the operator keeps of a bootstrap.</summary>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="Fingerprint">SHA-256 of the root CA's certificate.</param>
/// <param name="MasterToken">The master token; it is shown now and never again.</param>
/// <param name="EncryptionKey">The encryption key.</param>
internal sealed record Bootstrapped(string ClusterId, string Fingerprint, MasterToken MasterToken, EncryptionKey EncryptionKey);

/// <summary>
/// Makes this host the first node of a cluster: trust, configuration, registry. Each phase finds out by itself whether it is
/// done, so running it again goes on where it stopped.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class BootstrapSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private readonly ClusterFiles files = new(machine);
    private readonly MemberApply apply = new(machine, clock, log);

    /// <summary>Why a cluster cannot be started here, and what is unwise about it.</summary>
    /// <param name="settings">What the node is to be.</param>
    /// <param name="facts">The host.</param>
    public (string? Refusal, ImmutableArray<string> Warnings) Judge(GatewaySettings settings, Facts facts)
    {
        if (!machine.IsLive)
            return ("a cluster is started on the host itself, not in a tree.", []);
        if (files.Node is { IsMember: true } node)
            return (
                $"this host is node {node.Number} of the cluster {node.ClusterName} already. 'gatehouse invite NAME --profile PROFILE' "
                    + $"lets others join it.",
                []
            );
        if (files.Read(JoinSequence.Granted) is not null)
            return (
                $"a join was interrupted on this host after it got its certificate. 'gatehouse join' continues it; to give it up, remove "
                    + $"the node on a member ('gatehouse node remove') and {ClusterFiles.Trust} here.",
                []
            );
        if (facts.Debian != "12")
            return ("Gatehouse sets up Debian 12, and this host runs something else.", []);
        if (!NodeDuties.MayIssue(settings.System.Profile.Name))
            return (
                $"a cluster is started on a node of profile {string.Join(", ", PlacementRules.BootstrapProfiles)}, and these answers say "
                    + $"{settings.System.Profile.Name}: the first node holds the cluster's registry.",
                []
            );
        return (null, [.. PlacementRules.Warnings([(settings.System.Profile.Name, settings.System.Location)])]);
    }

    /// <summary>Runs it.</summary>
    /// <param name="name">The cluster's name.</param>
    /// <param name="answers">The answers: the cluster's and the node's.</param>
    /// <param name="settings">What they resolve to.</param>
    /// <param name="ct">Ends it between two phases.</param>
    public async Task<Bootstrapped> RunAsync(string name, Answers answers, GatewaySettings settings, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeFirstAsync(machine, ct);
        if (files.Node is { IsMember: true } there)
            throw new SequenceException(
                ExitCodes.Refused,
                $"this host became node {there.Number} of the cluster {there.ClusterName} just now. 'gatehouse status' shows it."
            );
        await BackendPreflight.RequireAsync(settings.Backend, ct);
        log.Note("Making the cluster's trust");
        var (token, key) = await TrustAsync(name, settings, ct);
        var root = files.ReadTrust("cluster-ca.pem")!;
        using var certificate = X509Certificate2.CreateFromPem(root);
        var id = TrustStore.Read(root, "").ClusterId;

        var (own, cluster) = (new Answers("node", ImmutableSortedDictionary<string, Core.Yaml.Node>.Empty), answers);
        (cluster, own) = EffectiveAnswers.Part(apply.Screens, answers, own);
        var (shared, secrets) = SecretSealer.Seal(machine, apply.Screens, cluster, settings, key, "");
        var settled = new FirstNode(First(id, name, settings, root), 1, shared, own, secrets);
        await new FirstNodeSequence(machine, clock, log).RunAsync(
            settled,
            key,
            "bootstrap",
            registry => RegistryAsync(registry, id, name, settings, shared, own, token, ct),
            ct
        );
        return new Bootstrapped(id, Convert.ToHexString(SHA256.HashData(certificate.RawData)), token, key);
    }

    /// <summary>The operator has the master token; it is kept nowhere else.</summary>
    public ValueTask ForgetTokenAsync(CancellationToken ct) => files.RemoveAsync(ClusterFiles.MasterToken, ct);

    // Made once: what a run before this one has made stays, the token too until it was shown.
    private async Task<(MasterToken Token, EncryptionKey Key)> TrustAsync(string name, GatewaySettings settings, CancellationToken ct)
    {
        if (
            files.Read(ClusterFiles.MasterToken) is { } kept
            && MasterToken.TryRead(kept, out var token, out _)
            && files.Read(ClusterFiles.EncryptionKey) is { } keptKey
            && EncryptionKey.TryRead(keptKey, out var key, out _)
            && Fits(name, settings)
        )
            return (token, key);
        var made = NewTrust.Make(name, settings.System.Name, settings.System.Address, clock.GetUtcNow());
        await files.WriteTrustAsync("cluster-ca.pem", made.Root, ct);
        await files.WriteTrustAsync("cluster.crl", made.RevocationLists.Root + made.RevocationLists.Issuing, ct);
        await files.WriteTrustAsync("issuer.crt", made.Issuing, ct);
        await files.WriteTrustAsync("issuer.key", made.IssuingKey, ct);
        await files.WriteTrustAsync("node.crt", made.Node.Pem, ct);
        await files.WriteTrustAsync("node.key", made.NodeKey, ct);
        await files.WriteSecretAsync(ClusterFiles.SealedRootKey, new Secret(made.SealedRootKey), ct);
        await files.WriteSecretAsync(ClusterFiles.EncryptionKey, made.EncryptionKey.Text, ct);
        await files.WriteForAgentAsync(ClusterFiles.EncryptionKeyToGive, made.EncryptionKey.Text, ct);
        // Last: with it, all of it is there.
        await files.WriteSecretAsync(ClusterFiles.MasterToken, made.MasterToken.Text, ct);
        return (made.MasterToken, made.EncryptionKey);
    }

    // Whether the trust of a run before is for this cluster and this node.
    private bool Fits(string name, GatewaySettings settings)
    {
        if (files.ReadTrust("node.crt") is not { } pem)
            return false;
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return NodeIdentity.TryRead(certificate, out var identity, out _)
            && identity.ClusterName == name
            && identity.Name == settings.System.Name
            && identity.Address.Equals(settings.System.Address)
            && certificate.NotAfter.ToUniversalTime() > clock.GetUtcNow();
    }

    private async Task RegistryAsync(
        ClusterRegistry registry,
        string id,
        string name,
        GatewaySettings settings,
        Answers cluster,
        Answers own,
        MasterToken token,
        CancellationToken ct
    )
    {
        using var root = X509Certificate2.CreateFromPem(files.ReadTrust("cluster-ca.pem")!);
        using var issuing = X509Certificate2.CreateFromPem(files.ReadTrust("issuer.crt")!);
        using var node = X509Certificate2.CreateFromPem(files.ReadTrust("node.crt")!);
        var lists = TrustStore.Read(files.ReadTrust("cluster-ca.pem")!, files.ReadTrust("cluster.crl")!).RevocationLists;
        await registry.InitialiseAsync(
            new NewCluster
            {
                Id = id,
                Name = name,
                Promotion = SHA256.HashData(token.PromotionProof(id)),
                NodeName = settings.System.Name,
                Place = new NodePlace(settings.System.Address, MemberTls.Port, settings.System.Location),
                Profile = settings.System.Profile.Name,
                NodeAnswers = apply.Write(own),
                Certificate = new IssuedCertificate(
                    Issuer.SerialOf(node),
                    Issuer.HashOf(node.PublicKey),
                    files.ReadTrust("node.crt")!,
                    node.NotBefore.ToUniversalTime(),
                    node.NotAfter.ToUniversalTime()
                ),
                Authorities =
                [
                    new Authority(
                        Issuer.FingerprintOf(root),
                        AuthorityKind.Root,
                        AuthorityState.Current,
                        root.ExportCertificatePem(),
                        files.Read(ClusterFiles.SealedRootKey)!.Trim()
                    ),
                    new Authority(
                        Issuer.FingerprintOf(issuing),
                        AuthorityKind.Issuing,
                        AuthorityState.Current,
                        issuing.ExportCertificatePem(),
                        null
                    ),
                ],
                RevocationLists =
                [
                    .. new[] { root, issuing }.Select(a => new RevocationList(Issuer.FingerprintOf(a), 1, lists.First(l => l.IsOf(a)).Pem)),
                ],
                Answers = apply.Write(cluster),
                Approval = settings.Cluster.Approval,
            },
            ct
        );
    }

    // The cluster as it will be when the registry is there.
    private ClusterView First(string id, string name, GatewaySettings settings, string root) =>
        new()
        {
            Cluster = new Core.Clusters.Cluster(id, name, 1, 1, clock.GetUtcNow()),
            Nodes =
            [
                new ClusterNode
                {
                    Number = 1,
                    Name = settings.System.Name,
                    Address = settings.System.Address,
                    Port = MemberTls.Port,
                    Profile = settings.System.Profile.Name,
                    Location = settings.System.Location,
                    State = NodeState.Active,
                    Release = Release.Version,
                    SettingsVersion = 1,
                    CertificateExpires = null,
                    Joined = clock.GetUtcNow(),
                    LastSeen = null,
                },
            ],
            WantedSettings = 1,
            Roots = [root],
            RevocationLists = [],
            Taken = clock.GetUtcNow(),
        };
}
