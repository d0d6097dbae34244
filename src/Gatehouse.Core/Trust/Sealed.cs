using System.Diagnostics.CodeAnalysis;
using System.Text;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>A secret of the cluster under its encryption key, bound to its name: safe to store, copy and print.</summary>
public sealed class Sealed
{
    /// <summary>How many random bytes the nonce has. A nonce is never used twice with a key.</summary>
    public const int NonceBytes = Envelope.NonceBytes;

    private const string Form = "gh1";
    private readonly byte[] body;

    private Sealed(string keyId, byte[] body) => (KeyId, this.body) = (keyId, body);

    /// <summary>The id of the key that opens it.</summary>
    public string KeyId { get; }

    /// <summary>Seals bytes.</summary>
    /// <param name="key">The cluster encryption key.</param>
    /// <param name="name">What the content is, such as the name of its row. It opens under this name only.</param>
    /// <param name="content">The content.</param>
    /// <param name="nonce"><see cref="NonceBytes"/> random bytes.</param>
    public static Sealed Seal(EncryptionKey key, string name, ReadOnlySpan<byte> content, ReadOnlySpan<byte> nonce) =>
        new(key.Id, Envelope.Close(key.Bytes, nonce, content, Form, key.Id, name));

    /// <summary>Seals a text; see the other form for what the rest is.</summary>
    public static Sealed Seal(EncryptionKey key, string name, Secret content, ReadOnlySpan<byte> nonce) =>
        Seal(key, name, Encoding.UTF8.GetBytes(content.Reveal()), nonce);

    /// <summary>Reads what <see cref="ToString"/> wrote; the problem follows the name of the secret.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out Sealed? read, out string problem)
    {
        read = Envelope.TryRead(text, Form, Envelope.NonceBytes + Envelope.TagBytes, out var id, out var body, out problem)
            ? new(id, body)
            : null;
        return read is not null;
    }

    /// <summary>Opens it.</summary>
    /// <param name="key">The key; another than it was sealed with is refused by its id.</param>
    /// <param name="name">The name it was sealed under.</param>
    /// <param name="content">The content; empty when there is a problem.</param>
    /// <param name="problem">What is wrong and what to do, to follow the name of the secret.</param>
    public bool TryOpen(EncryptionKey key, string name, out byte[] content, out string problem)
    {
        content = [];
        problem = key.Id == KeyId ? "" : $"is sealed with encryption key {KeyId}, not with {key.Id}; give key {KeyId}";
        if (problem.Length > 0)
            return false;
        if (Envelope.TryOpen(key.Bytes, body, Form, KeyId, name, out content))
            return true;
        problem = $"was changed after it was sealed, or was sealed under another name than {name}; take it from a backup";
        return false;
    }

    /// <summary>Opens a text; see the other form for what the rest is.</summary>
    public bool TryOpen(EncryptionKey key, string name, [NotNullWhen(true)] out Secret? content, out string problem)
    {
        content = TryOpen(key, name, out byte[] bytes, out problem) ? new(Encoding.UTF8.GetString(bytes)) : null;
        return content is not null;
    }

    /// <summary>One line to be stored, <c>gh1:KEYID:BASE64</c>.</summary>
    public override string ToString() => Envelope.Write(Form, KeyId, body);
}
