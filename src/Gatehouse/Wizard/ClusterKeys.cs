using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>
/// What the operator of a new cluster has to keep. It is shown until somebody has shown that it is kept, and then nowhere any
/// more; no draft, log or report ever holds it.
/// </summary>
/// <param name="machine">The first node.</param>
/// <param name="name">The cluster's name.</param>
/// <param name="fingerprint">SHA-256 of its root CA's certificate, in hexadecimal digits.</param>
/// <param name="token">The master token.</param>
/// <param name="key">The encryption key.</param>
internal sealed class ClusterKeys(LocalMachine machine, string name, string fingerprint, MasterToken token, EncryptionKey key)
{
    private const int PerLine = 32;

    /// <summary>The cluster's name.</summary>
    public string Name => name;

    /// <summary>What to keep where, in sentences.</summary>
    public static ImmutableArray<string> WhatToKeep { get; } =
    [
        "Master token: it makes another node the issuer if this one is lost; nothing else can. Keep it in a safe place, not on any node.",
        "Encryption key: it decrypts the cluster's backups. Keep it with the token, apart from the backups.",
        "Fingerprint: it identifies the cluster's CA and is not secret.",
    ];

    /// <summary>The fingerprint in lines.</summary>
    public IEnumerable<string> Fingerprint =>
        fingerprint.Chunk(PerLine).Select(l => string.Join(' ', l.Chunk(4).Select(c => new string(c))));

    /// <summary>The master token, as it is shown.</summary>
    public string Token => token.Text.Reveal();

    /// <summary>The encryption key, in lines of whole groups.</summary>
    public IEnumerable<string> Key => key.Text.Reveal().Split('-').Chunk(7).Select((g, i) => (i > 0 ? "-" : "") + string.Join('-', g));

    /// <summary>Why an answer does not show that the token is kept; null when it does: its last group was asked for.</summary>
    public string? Judge(string answer) =>
        answer.Trim().Equals(token.Text.Reveal().Split('-')[^1], StringComparison.OrdinalIgnoreCase)
            ? null
            : "That is not the last group of the master token. Check it again, and write it down.";

    /// <summary>Writes them to a new file that its owner alone can read.</summary>
    /// <param name="path">Where.</param>
    /// <exception cref="IOException">It is there already, or cannot be written.</exception>
    public void Save(string path)
    {
        if (File.Exists(path) || Directory.Exists(path))
            throw new IOException($"{path} already exists; choose another file.");
        PrivateFile.Write(
            Path.GetFullPath(path),
            Encoding.UTF8.GetBytes(
                $"# Cluster {name}\n# Fingerprint of its CA (SHA-256): {fingerprint}\nMaster token:   {token.Text.Reveal()}\nEncryption "
                    + $"key: {key.Text.Reveal()}\n"
            )
        );
    }

    /// <summary>They are kept elsewhere: the token leaves this host.</summary>
    public void Forget() =>
        new ClusterFiles(machine).RemoveAsync(ClusterFiles.MasterToken, CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <summary>Those of a cluster that was started here and whose operator was cut off; null when there are none.</summary>
    public static ClusterKeys? Left(LocalMachine machine)
    {
        var files = new ClusterFiles(machine);
        if (
            files.Node is not { } node
            || files.Read(ClusterFiles.MasterToken) is not { } token
            || files.Read(ClusterFiles.EncryptionKey) is not { } key
            || files.ReadTrust("cluster-ca.pem") is not { } root
        )
            return null;
        if (!MasterToken.TryRead(token, out var readToken, out _) || !EncryptionKey.TryRead(key, out var readKey, out _))
            return null;
        using var certificate = X509Certificate2.CreateFromPem(root);
        return new ClusterKeys(machine, node.ClusterName, Convert.ToHexString(SHA256.HashData(certificate.RawData)), readToken, readKey);
    }

    /// <inheritdoc/>
    public override string ToString() => $"keys of {name}";
}
