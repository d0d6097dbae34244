using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Core.Trust;

/// <summary>What stands open at the head of a backup, so that whoever finds the file knows what it is. It is authenticated with the
/// content.</summary>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="Made">When it was made.</param>
/// <param name="Node">The name of the node that made it.</param>
/// <param name="Release">The release that made it.</param>
/// <param name="TokenId">Which master token opens the root key in it.</param>
public sealed record BackupLabel(string Cluster, string ClusterId, DateTimeOffset Made, string Node, string Release, string TokenId);

/// <summary>
/// A backup of a cluster as a file: text, an open head of lines <c>KEY: VALUE</c>, and the content sealed with the cluster's
/// encryption key. The head is part of the name that the content is sealed under, so no byte of either can be changed.
/// </summary>
public sealed class BackupFile
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MostBytes = 256 << 20;

    /// <summary>How many random bytes <see cref="Write"/> takes.</summary>
    public const int NonceBytes = Sealed.NonceBytes;

    private const string Head = "gatehouse-backup ";
    private const string Form = "1";
    private const string Body = "sealed:\n";
    private const string End = "end\n";
    private const int Width = 76;
    private readonly string head;
    private readonly Sealed body;

    private BackupFile(BackupLabel label, string head, Sealed body) => (Label, this.head, this.body) = (label, head, body);

    /// <summary>What its head says. Nothing of it is proved before <see cref="TryOpen"/> has opened it.</summary>
    public BackupLabel Label { get; }

    /// <summary>The id of the encryption key that opens it.</summary>
    public string KeyId => body.KeyId;

    /// <summary>The text of a backup.</summary>
    /// <param name="label">What it is of.</param>
    /// <param name="key">The cluster's encryption key.</param>
    /// <param name="content">The content.</param>
    /// <param name="nonce"><see cref="NonceBytes"/> random bytes.</param>
    public static string Write(BackupLabel label, EncryptionKey key, ReadOnlySpan<byte> content, ReadOnlySpan<byte> nonce)
    {
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {Head}{Form}
            # Backup of the cluster {label.Cluster}. It opens with the cluster's encryption key alone: gatehouse restore FILE
            cluster: {label.Cluster}
            id: {label.ClusterId}
            made: {label.Made.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}
            node: {label.Node}
            release: {label.Release}
            key: {key.Id}
            token: {label.TokenId}

            """
        );
        var text = new StringBuilder(head).Append(Body);
        foreach (var line in Sealed.Seal(key, NameOf(head), content, nonce).ToString().Chunk(Width))
            text.Append(line).Append('\n');
        return text.Append(End).ToString();
    }

    /// <summary>Reads a backup's outside.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="release">The release that reads it.</param>
    /// <param name="file">The backup; null when there is a problem.</param>
    /// <param name="problem">What is wrong with it and what to do, to follow the name of the file.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, string release, [NotNullWhen(true)] out BackupFile? file, out string problem)
    {
        file = null;
        // Some ways of copying change the ends of lines; that is no damage.
        var text = bytes.Length > MostBytes ? "" : Encoding.UTF8.GetString(bytes).Replace("\r\n", "\n", StringComparison.Ordinal);
        problem = Outside(text, release);
        if (problem.Length > 0)
            return false;

        var split = text.IndexOf($"\n{Body}", StringComparison.Ordinal) + 1;
        var head = text[..split];
        var line = text[(split + Body.Length)..^End.Length].Replace("\n", "", StringComparison.Ordinal);
        var lines = head.Split('\n')
            .Select(l => l.Split(": ", 2))
            .Where(l => l.Length == 2)
            .ToLookup(l => l[0], l => l[1], StringComparer.Ordinal);
        if (
            !Sealed.TryRead(line, out var body, out _)
            || !DateTimeOffset.TryParse(
                lines["made"].FirstOrDefault(""),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var made
            )
        )
        {
            problem = "was changed since it was made; take another copy of it";
            return false;
        }

        file = new(
            new BackupLabel(
                Plain(lines["cluster"]),
                Plain(lines["id"]),
                made,
                Plain(lines["node"]),
                Plain(lines["release"]),
                Plain(lines["token"])
            ),
            head,
            body
        );
        return true;
    }

    /// <summary>Opens it.</summary>
    /// <param name="key">The cluster's encryption key.</param>
    /// <param name="content">The content; empty when there is a problem.</param>
    /// <param name="problem">What is wrong and what to do, to follow the name of the file.</param>
    public bool TryOpen(EncryptionKey key, out byte[] content, out string problem)
    {
        content = [];
        problem =
            key.Id == KeyId
                ? ""
                : $"is sealed with the encryption key {KeyId}, and the one given is {key.Id}; give the key that was shown when the "
                    + $"cluster {Label.Cluster} was started";
        if (problem.Length > 0)
            return false;
        if (body.TryOpen(key, NameOf(head), out content, out _))
            return true;
        problem = "was changed since it was made; take another copy of it";
        return false;
    }

    /// <summary>What it is of.</summary>
    public override string ToString() => $"backup of the cluster {Label.Cluster}";

    private static string Outside(string text, string release)
    {
        if (!text.StartsWith(Head, StringComparison.Ordinal))
            return "is no backup of a cluster; 'gatehouse backup FILE' on a member makes one";
        var form = text[Head.Length..].Split('\n', 2)[0];
        if (form != Form)
            return $"is a backup of form {Plain([form])}, and this release {release} reads form {Form}; install the release that made it, "
                + $"or a later one";
        if (!text.EndsWith($"\n{End}", StringComparison.Ordinal) || !text.Contains($"\n{Body}", StringComparison.Ordinal))
            return "is cut off; take another copy of it";
        return "";
    }

    private static string NameOf(string head) => $"backup {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(head)))}";

    // Until it is opened anything can be in the head, and it is shown.
    private static string Plain(IEnumerable<string> values) => new([.. values.FirstOrDefault("").Where(c => !char.IsControl(c)).Take(80)]);
}
