using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Gatehouse.Machines;

/// <summary>The public key by which an SSH server proves which host it is.</summary>
/// <param name="Type">Its type as SSH names it, such as <c>ssh-ed25519</c> (RFC 8709).</param>
/// <param name="Blob">The key, base64 (RFC 4253 section 6.6).</param>
public sealed record SshHostKey(string Type, string Blob)
{
    private const string Prefix = "SHA256:";

    // Best first: the one that is shown and kept, of those that a host has.
    private static readonly ImmutableArray<string> Types =
    [
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "ssh-rsa",
    ];

    /// <summary>Its fingerprint as <c>ssh-keygen -lf</c> shows it: <c>SHA256:</c> and 43 characters of base64.</summary>
    public string Fingerprint => Prefix + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(Blob))).TrimEnd('=');

    /// <summary>The type in the words of <c>ssh-keygen -lf</c>.</summary>
    public string TypeName =>
        Type switch
        {
            "ssh-ed25519" => "ED25519",
            "ssh-rsa" => "RSA",
            _ => "ECDSA",
        };

    /// <summary>A line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).</summary>
    /// <param name="name">The name it is looked up by: <c>host</c>, or <c>[host]:port</c> for another port than 22.</param>
    public string Line(string name) => $"{name} {Type} {Blob}\n";

    /// <summary>Reads keys as <c>ssh-keyscan</c> prints them and as known_hosts files hold them; the best type first. What is no such line
    /// is passed over.</summary>
    /// <param name="text">Lines <c>NAMES TYPE BASE64 [COMMENT]</c>.</param>
    public static ImmutableArray<SshHostKey> Read(string text) =>
        [.. text.Split('\n').Select(ReadLine).OfType<SshHostKey>().Distinct().OrderBy(k => Types.IndexOf(k.Type))];

    /// <summary>
    /// Reads a fingerprint as an administrator gives it: <c>SHA256:...</c>, or a whole line of <c>ssh-keygen -lf</c>
    /// (<c>256 SHA256:... comment (ED25519)</c>). Null when there is none in it. The old MD5 form is not taken.
    /// </summary>
    public static string? ReadFingerprint(string text)
    {
        const int length = 43;
        var word = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .FirstOrDefault(w => w.StartsWith(Prefix, StringComparison.Ordinal))
            ?.TrimEnd('=');
        return
            word is not null
            && word.Length == Prefix.Length + length
            && word.Skip(Prefix.Length).All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/')
            ? word
            : null;
    }

    private static SshHostKey? ReadLine(string line)
    {
        // Marked lines, @revoked and @cert-authority, are no keys of hosts.
        if (line.Length == 0 || line[0] is '#' or '@')
            return null;
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return words.Length >= 3 && Types.Contains(words[1]) && IsBlob(words[1], words[2]) ? new SshHostKey(words[1], words[2]) : null;
    }

    // The key begins with its own type, after the four bytes of its length.
    private static bool IsBlob(string type, string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            && length > 4 + type.Length
            && System.Text.Encoding.ASCII.GetString(bytes, 4, type.Length) == type
            && bytes[3] == type.Length;
    }
}
