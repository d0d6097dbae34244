using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Founding;

/// <summary>A backup that was opened.</summary>
/// <param name="Label">What its head says.</param>
/// <param name="Content">What is in it.</param>
/// <param name="Hash">SHA-256 of the content.</param>
internal sealed record OpenedBackup(BackupLabel Label, ClusterBackup Content, string Hash);

/// <summary>A node that is to join again.</summary>
/// <param name="Node">The node as it was.</param>
/// <param name="Answers">The file with answers of its own that differ from the cluster's; null when it had none.</param>
internal sealed record LostNode(ClusterNode Node, string? Answers);

/// <summary>What a restore came to.</summary>
/// <param name="View">The cluster.</param>
/// <param name="Node">This node.</param>
/// <param name="Lost">The nodes that are to join again.</param>
internal sealed record Restored(ClusterView View, ClusterNode Node, ImmutableArray<LostNode> Lost);

/// <summary>
/// Begins a cluster again on this host after all of it was lost: a bootstrap whose cluster, trust, settings and secrets come from a
/// backup. Each phase finds out by itself whether it is done, so running it again goes on where it stopped.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class RestoreSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    /// <summary>Where the own answers of nodes lie that are to join again.</summary>
    public const string Answers = "/var/lib/gatehouse/cluster/restored";

    private static readonly ImmutableArray<string> OfJoining = ["system.name", "system.address", "system.profile", "system.location"];
    private readonly ClusterFiles files = new(machine);
    private readonly MemberApply apply = new(machine, clock, log);

    /// <summary>Whether a restore was begun here and has not come to its end.</summary>
    public bool IsUnfinished => files.Read(RestoredTrust.Mark) is not null;

    /// <summary>The members of a backup that answer with its CA, but for this host.</summary>
    public static async Task<ImmutableArray<ClusterNode>> AnsweringAsync(
        ClusterBackup backup,
        IReadOnlyCollection<System.Net.IPAddress> own,
        CancellationToken ct
    )
    {
        var root = Text(backup.Root.Pem);
        var asked = await MemberQuery.AskAllAsync(
            backup.Members.Where(n => !own.Contains(n.Address)),
            node => AgentClient.Stranger(node.Address.ToString(), node.Port),
            async (client, limit) =>
                (await client.IntroductionAsync(limit)).Roots is { IsDefaultOrEmpty: false } roots && roots.Any(r => Text(r) == root),
            Timeouts.Members,
            ct
        );
        return [.. asked.Where(a => a.Answer).Select(a => a.Node)];

        static string Text(string pem) => pem.ReplaceLineEndings("\n").Trim();
    }

    /// <summary>Runs it.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="host">Which node of it this host is to be.</param>
    /// <param name="token">The master token.</param>
    /// <param name="key">The encryption key.</param>
    /// <param name="ct">Ends it between two phases.</param>
    public async Task<Restored> RunAsync(
        OpenedBackup backup,
        RestoringHost host,
        MasterToken token,
        EncryptionKey key,
        CancellationToken ct
    )
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        var (content, former) = (backup.Content, host.Former.Node);
        var number = content.Nodes.Max(f => f.Node.Number) + 1;
        var cluster = content.Cluster with { Epoch = RestoreRules.EpochAfter(content.Cluster.Epoch), Issuer = number };
        var purpose = new RestoredTrust.Purpose(backup.Hash, former.Name, host.Address.ToString());
        var (shared, own) = (apply.Read(content.InForce.Answers, "the settings in the backup"), OwnAnswers(host));
        var trust = RestoredTrust.Read(files, purpose, clock.GetUtcNow());
        if (trust is null)
        {
            log.Note("Making a new issuing CA under the cluster's root, and revoking those before");
            trust = await RestoredTrust.MakeAsync(files, purpose, content, number, host, token, key, clock, ct);
        }

        // Keys that were made on the host that it is now; those of another one are not its own.
        if (former.Name == backup.Label.Node)
            await OwnFiles.WriteAsync(machine, content.Own, ct);
        var lost = await AnswersAsync(content, former.Name, ct);
        var first = new FirstNode(View(content, cluster, host, number, trust), number, shared, own, content.Secrets);
        var view = await new FirstNodeSequence(machine, clock, log).RunAsync(
            first,
            key,
            "restore",
            registry => registry.RestoreAsync(Beginning(backup, cluster, host, own, token, trust), ct),
            ct
        );
        await files.RemoveAsync(RestoredTrust.Mark, ct);
        return new Restored(view, view.Node(number)!, lost);
    }

    private Answers OwnAnswers(RestoringHost host)
    {
        var answers = apply.Read(
            host.Former.Answers.Length > 0 ? host.Former.Answers : "version: 1\n",
            "this node's answers in the backup"
        );
        var place = new Dictionary<string, string>
        {
            ["system.name"] = host.Former.Node.Name,
            ["system.address"] = host.Address.ToString(),
            ["system.profile"] = host.Former.Node.Profile,
        };
        if (host.Location.Length > 0)
            place["system.location"] = host.Location;
        return answers with
        {
            Values = answers.Values.SetItems(
                place.Select(p => KeyValuePair.Create<string, Node>(p.Key, new Scalar(new Origin("restore", 1, 1), p.Value, true)))
            ),
        };
    }

    // What another node answered for itself alone goes with it when it joins again.
    private async Task<ImmutableArray<LostNode>> AnswersAsync(ClusterBackup content, string here, CancellationToken ct)
    {
        var lost = ImmutableArray.CreateBuilder<LostNode>();
        foreach (
            var (node, text) in content
                .Nodes.Where(f => f.Node.Name != here && f.Node.State is NodeState.Active or NodeState.Joining)
                .OrderBy(f => f.Node.Number)
        )
        {
            var isOwn = text.Length > 0 && apply.Read(text, $"the answers of {node.Name}").Values.Keys.Except(OfJoining).Any();
            var file = $"{Answers}/{node.Name}.yaml";
            if (isOwn)
                await files.WriteSecretAsync(file, new Core.Values.Secret(text.TrimEnd()), ct);
            lost.Add(new LostNode(node, isOwn ? file : null));
        }

        return lost.ToImmutable();
    }

    private RestoredCluster Beginning(
        OpenedBackup backup,
        Core.Clusters.Cluster cluster,
        RestoringHost host,
        Answers own,
        MasterToken token,
        RestoredTrust trust
    ) =>
        new()
        {
            Cluster = cluster,
            Promotion = SHA256.HashData(token.PromotionProof(cluster.Id)),
            Former = backup.Content.Nodes,
            NodeName = host.Former.Node.Name,
            Place = new NodePlace(host.Address, MemberTls.Port, host.Location),
            Profile = host.Former.Node.Profile,
            NodeAnswers = apply.Write(own),
            Certificate = trust.Node,
            Authorities = trust.Authorities,
            RevocationLists = trust.RevocationLists,
            Settings = [.. backup.Content.Versions()],
            Note = string.Create(
                CultureInfo.InvariantCulture,
                $"epoch {cluster.Epoch}, from the backup that {backup.Label.Node} made on "
                    + $"{backup.Label.Made.UtcDateTime:yyyy-MM-dd HH:mm} UTC in epoch {backup.Content.Cluster.Epoch}, after event "
                    + $"{backup.Content.Events} ({backup.Content.LastEvent})"
            ),
        };

    // The cluster as it will be when the registry is there: nobody but this node.
    private ClusterView View(ClusterBackup content, Core.Clusters.Cluster cluster, RestoringHost host, int number, RestoredTrust trust) =>
        new()
        {
            Cluster = cluster,
            Nodes =
            [
                host.Former.Node with
                {
                    Number = number,
                    Address = host.Address,
                    Port = MemberTls.Port,
                    Location = host.Location,
                    State = NodeState.Active,
                    Release = Release.Version,
                    SettingsVersion = content.InForce.Number,
                    CertificateExpires = null,
                    Joined = clock.GetUtcNow(),
                    LastSeen = null,
                },
            ],
            WantedSettings = content.InForce.Number,
            Roots = [.. trust.Roots.Select(r => r.Pem)],
            RevocationLists = [],
            Taken = clock.GetUtcNow(),
        };
}
