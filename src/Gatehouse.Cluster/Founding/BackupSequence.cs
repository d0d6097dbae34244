using System.Collections.Immutable;
using System.Security.Cryptography;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Founding;

/// <summary>A backup that was made.</summary>
/// <param name="Label">What its head says.</param>
/// <param name="KeyId">Which encryption key opens it.</param>
/// <param name="Content">What is in it.</param>
/// <param name="Text">The file's text.</param>
/// <param name="Warnings">What of the cluster is not as it should be.</param>
internal sealed record MadeBackup(BackupLabel Label, string KeyId, ClusterBackup Content, string Text, ImmutableArray<string> Warnings)
{
    /// <inheritdoc/>
    public override string ToString() => $"backup of the cluster {Label.Cluster}";
}

/// <summary>Reads what the registry holds and seals it with the cluster's encryption key, which is on this node; nobody has to be asked, so
/// a timer can run it.</summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
internal sealed class BackupSequence(LocalMachine machine, TimeProvider clock)
{
    private const int Attempts = 5;
    private readonly ClusterFiles files = new(machine);

    /// <summary>Makes a backup; nothing is written.</summary>
    /// <exception cref="SequenceException">This node has no encryption key.</exception>
    public async Task<MadeBackup> MakeAsync(LocalNode me, CancellationToken ct)
    {
        if (Core.Screens.Profile.Find(me.Profile)?.Has("database") != true)
            throw new SequenceException(
                ExitCodes.Refused,
                $"{me.Name} has the profile {me.Profile} and gets only the secrets of its own duties, so a backup made here would not be "
                    + $"whole. Run this on a node that holds the registry: "
                    + $"{string.Join(", ", Core.Clusters.PlacementRules.BootstrapProfiles)}."
            );
        if (files.Read(ClusterFiles.EncryptionKey) is not { } text)
            throw new SequenceException(
                ExitCodes.Refused,
                $"the cluster's encryption key, which seals backups, is not on {me.Name} ({ClusterFiles.EncryptionKey}). Put there what "
                    + $"was shown when the cluster was started."
            );
        if (!EncryptionKey.TryRead(text.Trim(), out var key, out var problem))
            throw new SequenceException(ExitCodes.Failed, $"{ClusterFiles.EncryptionKey} cannot be read: {problem}.");

        await using var registry = RegistryAccess.Open(me);
        var (content, events) = await ReadAsync(registry, ct);
        if (!SealedKey.TryRead(content.Root.SealedKey ?? "", out var root, out problem))
            throw new SequenceException(ExitCodes.Failed, $"the sealed root key in the registry {problem}.");
        var label = new BackupLabel(content.Cluster.Name, content.Cluster.Id, clock.GetUtcNow(), me.Name, Release.Version, root.TokenId);
        var sealedText = BackupFile.Write(label, key, content.Write(), RandomNumberGenerator.GetBytes(BackupFile.NonceBytes));
        return new MadeBackup(label, key.Id, content, sealedText, [.. Warnings(content, events, key)]);
    }

    // What is read is of one state of the cluster: a change in the midst of it begins the reading anew.
    private async Task<(ClusterBackup Content, EventChain Events)> ReadAsync(ClusterRegistry registry, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var view = await registry.ViewAsync(ct);
            var backup = await ReadOnceAsync(registry, view, ct);
            var after = await registry.ViewAsync(ct);
            if (after.Fingerprint() == view.Fingerprint() && after.Nodes.Length == view.Nodes.Length)
                return backup;
            if (attempt == Attempts)
                throw new SequenceException(
                    ExitCodes.Failed,
                    "the cluster is being changed all the time; run this again when that is done."
                );
        }
    }

    private async Task<(ClusterBackup Content, EventChain Events)> ReadOnceAsync(
        ClusterRegistry registry,
        ClusterView view,
        CancellationToken ct
    )
    {
        var nodes = ImmutableArray.CreateBuilder<FormerNode>();
        foreach (var node in view.Nodes)
            nodes.Add(new FormerNode(node, await registry.NodeAnswersAsync(node.Number, ct) ?? ""));
        var settings = (await registry.SettingsHistoryAsync(ClusterBackup.MostVersions, ct)).ToList();
        // However many were withdrawn since: the one in force is among them.
        if (settings.TrueForAll(s => s.State != SettingsState.Good) && await registry.SettingsAsync(view.WantedSettings, ct) is { } wanted)
            settings.Add(wanted with { State = SettingsState.Good });
        var events = await registry.VerifyEventsAsync(ct);
        var content = new ClusterBackup
        {
            Cluster = view.Cluster,
            Nodes = nodes.ToImmutable(),
            Authorities = await registry.AuthoritiesAsync(ct),
            RevocationLists = await registry.RevocationListsAsync(ct),
            Settings = [.. settings.DistinctBy(s => s.Number).OrderBy(s => s.Number)],
            Secrets = await registry.SecretsAsync(ct),
            Own = await OwnFiles.ReadAsync(machine, ct),
            Events = events.Count,
            LastEvent = events.Head,
        };
        return (content, events);
    }

    private static IEnumerable<string> Warnings(ClusterBackup content, EventChain events, EncryptionKey key)
    {
        if (!events.IsWhole)
            yield return $"the registry's record of events is not whole: {events.Why}. Find out who changed it; the backup is of what is "
                + $"there.";
        foreach (var secret in content.Secrets.Where(s => s.KeyId != key.Id))
            yield return $"the secret {secret.Name} is sealed with the encryption key {secret.KeyId}, which this node has not; it cannot "
                + $"be restored from this backup.";
    }
}
