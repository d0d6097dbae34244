using System.Text;
using System.Text.Json;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Membership;

/// <summary>The files of a membership that no apply writes: what the issuer gave, and what this node knows of itself.</summary>
/// <param name="machine">The host.</param>
internal sealed class ClusterFiles(LocalMachine machine)
{
    /// <summary>Where the trust lies that an apply puts in place.</summary>
    public const string Trust = "/var/lib/gatehouse/cluster/pki";

    /// <summary>The cluster's encryption key, for root.</summary>
    public const string EncryptionKey = "/etc/gatehouse/secrets/encryption-key";

    /// <summary>The same on the issuer, for its agent, which hands it to new members.</summary>
    public const string EncryptionKeyToGive = "/etc/gatehouse/pki/encryption-key";

    /// <summary>The root CA's private key as the master token sealed it, on the node that has bootstrap duty.</summary>
    public const string SealedRootKey = "/etc/gatehouse/pki/root.key.sealed";

    /// <summary>The master token, from the moment it is made until it was shown.</summary>
    public const string MasterToken = "/var/lib/gatehouse/cluster/master-token";

    /// <summary>Written anew whenever following has left nothing to do; its time tells the timer's check how long ago that was.</summary>
    public const string Settled = "/var/lib/gatehouse/cluster/settled";

    private static readonly Ownership ForAgent = new("root", "gatehouse", Ownership.ParseMode("0640"));
    private static readonly Ownership OfAgent = new("gatehouse", "gatehouse", Ownership.ParseMode("0640"));
    private static readonly Ownership PrivateDirectory = new("root", "root", Ownership.ParseMode("0700"));

    /// <summary>This node as a member; null when it is none.</summary>
    public LocalNode? Node => LocalNodeFile.Read(machine.Real(LocalNode.Path));

    /// <summary>A text, or null when there is none.</summary>
    public string? Read(string path) => File.Exists(machine.Real(path)) ? File.ReadAllText(machine.Real(path)) : null;

    /// <summary>A file of the trust, or null.</summary>
    public string? ReadTrust(string name) => Read($"{Trust}/{name}");

    /// <summary>Writes a file of the trust, for root alone.</summary>
    public ValueTask WriteTrustAsync(string name, string text, CancellationToken ct) =>
        WriteAsync($"{Trust}/{name}", text, Ownership.Private, ct);

    /// <summary>Writes a secret, for root alone.</summary>
    public ValueTask WriteSecretAsync(string path, Secret secret, CancellationToken ct) =>
        WriteAsync(path, secret.Reveal() + "\n", Ownership.Private, ct);

    /// <summary>Writes a secret that the agent reads as well.</summary>
    public ValueTask WriteForAgentAsync(string path, Secret secret, CancellationToken ct) =>
        WriteAsync(path, secret.Reveal() + "\n", ForAgent, ct);

    /// <summary>Writes what root alone may read.</summary>
    public ValueTask WritePrivateAsync(string path, string text, CancellationToken ct) => WriteAsync(path, text, Ownership.Private, ct);

    /// <summary>Writes what everybody may read.</summary>
    public ValueTask WritePublicAsync(string path, string text, CancellationToken ct) => WriteAsync(path, text, Ownership.Default, ct);

    /// <summary>Says what this node knows of itself.</summary>
    public ValueTask WriteNodeAsync(LocalNode node, CancellationToken ct) =>
        WritePublicAsync(LocalNode.Path, JsonSerializer.Serialize(node, Wire.Default.LocalNode), ct);

    /// <summary>
    /// Keeps a view where the agent keeps the last one it saw, so that it is not without one before the registry has answered
    /// it, and its files are its own.
    /// </summary>
    public async Task WriteSeenAsync(ClusterView view, CancellationToken ct)
    {
        var directory = ViewCache.Path[..ViewCache.Path.LastIndexOf('/')];
        if ((await machine.StatAsync(directory, ct)).Kind == EntryKind.Absent)
            await machine.WriteAsync(directory, new Item(EntryKind.Directory, OfAgent with { Mode = Ownership.ParseMode("0750") }), ct);
        await WriteAsync(ViewCache.Path, JsonSerializer.Serialize(view, Wire.Default.ClusterView), OfAgent, ct);
    }

    /// <summary>Takes a file away.</summary>
    public ValueTask RemoveAsync(string path, CancellationToken ct) => machine.RemoveAsync(path, ct);

    /// <summary>Puts the roots and revocation lists of a view where an apply takes them from.</summary>
    public async Task WriteViewAsync(ClusterView view, CancellationToken ct)
    {
        await WriteTrustAsync("cluster-ca.pem", string.Concat(view.Roots.Select(r => r.TrimEnd() + "\n")), ct);
        await WriteTrustAsync("cluster.crl", string.Concat(view.RevocationLists.Select(r => r.TrimEnd() + "\n")), ct);
    }

    // One that others may write into, or a link that somebody has put in its place, is none; the latter is refused by the machine.
    private static bool IsPrivate(PathState directory) => directory.Kind == EntryKind.Directory && (directory.Owner!.Mode & 0b010_010) == 0;

    private async ValueTask WriteAsync(string path, string text, Ownership owner, CancellationToken ct)
    {
        var directory = path[..path.LastIndexOf('/')];
        // Directories of secrets are for root alone; they are there first, or they would be made readable.
        if (directory is Trust or "/etc/gatehouse/secrets" && !IsPrivate(await machine.StatAsync(directory, ct)))
            await machine.WriteAsync(directory, new Item(EntryKind.Directory, PrivateDirectory), ct);
        await machine.WriteAsync(path, new Item(EntryKind.File, owner, new FileContent(Encoding.UTF8.GetBytes(text))), ct);
    }
}
