using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Core.Trust;

/// <summary>
/// What sealed things have in common: AES-256-GCM (NIST SP 800-38D), and one line of text, <c>FORM:KEYID:BASE64</c>. Form,
/// key id and name are authenticated with the content.
/// </summary>
internal static class Envelope
{
    public const int NonceBytes = 12;
    public const int TagBytes = 16;

    /// <summary>Nonce, encrypted content and tag.</summary>
    public static byte[] Close(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> content,
        string form,
        string id,
        string name
    )
    {
        if (nonce.Length != NonceBytes)
            throw new ArgumentException($"the nonce has {NonceBytes} bytes, and is never used twice with a key", nameof(nonce));
        var body = new byte[NonceBytes + content.Length + TagBytes];
        nonce.CopyTo(body);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(
            nonce,
            content,
            body.AsSpan(NonceBytes, content.Length),
            body.AsSpan(NonceBytes + content.Length),
            Associated(form, id, name)
        );
        return body;
    }

    /// <summary>The content; false when anything was changed.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> body, string form, string id, string name, out byte[] content)
    {
        content = [];
        if (body.Length < NonceBytes + TagBytes)
            return false;
        var opened = new byte[body.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(body[..NonceBytes], body.Slice(NonceBytes, opened.Length), body[^TagBytes..], opened, Associated(form, id, name));
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        content = opened;
        return true;
    }

    /// <summary>The line of text.</summary>
    public static string Write(string form, string id, ReadOnlySpan<byte> body) => $"{form}:{id}:{Convert.ToBase64String(body)}";

    /// <summary>Reads the line of text; the problem follows the name of what is read.</summary>
    public static bool TryRead(string text, string form, int least, out string id, out byte[] body, out string problem)
    {
        id = "";
        body = [];
        problem = "";
        var parts = text.Trim().Split(':');
        var family = form.TrimEnd("0123456789".ToCharArray());
        if (
            parts.Length == 3
            && parts[0] != form
            && parts[0].Length <= 8
            && parts[0].StartsWith(family, StringComparison.Ordinal)
            && parts[0][family.Length..].All(char.IsAsciiDigit)
        )
            problem = $"is in form {parts[0]}, and this release reads {form}; use the release that wrote it, or a later one";
        else if (parts.Length != 3 || parts[0] != form || !Base32.IsId(parts[1]) || !TryBase64(parts[2], out body) || body.Length < least)
            problem = $"is damaged: it is not in the form {form}:KEYID:BASE64; take it from a backup";
        else
            id = parts[1];
        return problem.Length == 0;
    }

    /// <summary>Reads Base64 that has one spelling only: no blanks, padded, nothing in the unused bits.</summary>
    public static bool TryBase64(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var length))
            return false;
        bytes = bytes[..length];
        return Convert.ToBase64String(bytes) == text;
    }

    private static byte[] Associated(string form, string id, string name) => Encoding.UTF8.GetBytes($"{form}:{id}:{name}");
}
