using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Membership;

/// <summary>The cluster's secrets on this node: those of its duties, opened, a file each that root alone can read.</summary>
internal static class OpenedSecrets
{
    /// <summary>Writes what can be opened, and removes what went with old versions of the settings, or is for other duties: an earlier
    /// release gave every node all secrets.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="profile">This node's profile.</param>
    /// <param name="secrets">Names and sealed forms.</param>
    /// <param name="key">What they are sealed with.</param>
    /// <param name="log">Is told what cannot be opened.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task WriteAsync(
        LocalMachine machine,
        Profile profile,
        IReadOnlyCollection<(string Name, string Text)> secrets,
        EncryptionKey key,
        IApplyLog log,
        CancellationToken ct
    )
    {
        var files = new ClusterFiles(machine);
        foreach (var (name, text) in secrets)
        {
            try
            {
                await files.WriteSecretAsync(SealedName.FileOf(name), SecretSealer.Open(name, text, key), ct);
            }
            catch (SequenceException e)
            {
                // Any member may add a secret. One that no settings name must not keep others from following; one that they name is missed
                // then.
                log.Note(e.Message);
            }
        }

        var known = secrets.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in (await machine.ListAsync(SealedName.Directory, ct)).Where(SealedName.IsValid))
            if (!SecretDuties.Reaches(name, profile) || (SealedName.IsOfVersion(name) && !known.Contains(name)))
                await files.RemoveAsync(SealedName.FileOf(name), ct);
    }
}
