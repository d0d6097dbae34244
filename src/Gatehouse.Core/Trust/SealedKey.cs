using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Gatehouse.Core.Trust;

/// <summary>The root CA's private key under the master token, bound to the cluster's id: the only form in which it is ever
/// stored.</summary>
public sealed class SealedKey
{
    /// <summary>How many random bytes <see cref="Seal"/> takes: 16 for the salt, 12 for the nonce.</summary>
    public const int RandomBytes = SaltBytes + Envelope.NonceBytes;

    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const string Form = "ghr1";
    private readonly byte[] salt;
    private readonly byte[] body;

    private SealedKey(string tokenId, byte[] salt, byte[] body) => (TokenId, this.salt, this.body) = (tokenId, salt, body);

    /// <summary>The id of the master token that opens it.</summary>
    public string TokenId { get; }

    /// <summary>Seals a private key.</summary>
    /// <param name="key">The root CA's key pair.</param>
    /// <param name="clusterId">The cluster whose root it is.</param>
    /// <param name="token">The cluster master token.</param>
    /// <param name="random"><see cref="RandomBytes"/> random bytes.</param>
    public static SealedKey Seal(ECDsa key, string clusterId, MasterToken token, ReadOnlySpan<byte> random)
    {
        if (random.Length != RandomBytes)
            throw new ArgumentException($"a key is sealed with {RandomBytes} random bytes", nameof(random));
        var salt = random[..SaltBytes].ToArray();
        var content = key.ExportPkcs8PrivateKey();
        var wrapping = token.Derive(salt, "root key", KeyBytes);
        try
        {
            return new(token.Id, salt, Envelope.Close(wrapping, random[SaltBytes..], content, Form, token.Id, clusterId));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
            CryptographicOperations.ZeroMemory(wrapping);
        }
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; the problem follows the words "the sealed root key".</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out SealedKey? read, out string problem)
    {
        const int least = SaltBytes + Envelope.NonceBytes + Envelope.TagBytes;
        read = Envelope.TryRead(text, Form, least, out var id, out var body, out problem)
            ? new(id, body[..SaltBytes], body[SaltBytes..])
            : null;
        return read is not null;
    }

    /// <summary>Opens it. The caller disposes of the key as soon as it has signed.</summary>
    /// <param name="token">The cluster master token.</param>
    /// <param name="clusterId">The cluster whose root it is.</param>
    /// <param name="key">The root CA's key pair; null when there is a problem.</param>
    /// <param name="problem">What is wrong and what to do, to follow the words "the sealed root key".</param>
    public bool TryOpen(MasterToken token, string clusterId, [NotNullWhen(true)] out ECDsa? key, out string problem)
    {
        key = null;
        problem =
            token.Id == TokenId
                ? ""
                : $"opens with master token {TokenId}, and the one given is {token.Id}; give the one that was shown when the cluster was "
                    + $"made or its token last changed";
        if (problem.Length > 0)
            return false;
        var wrapping = token.Derive(salt, "root key", KeyBytes);
        var opened = Envelope.TryOpen(wrapping, body, Form, TokenId, clusterId, out var content);
        CryptographicOperations.ZeroMemory(wrapping);
        if (opened)
            key = P256.ImportPrivate(content);
        CryptographicOperations.ZeroMemory(content);
        if (key is not null)
            return true;
        problem = "was changed after it was sealed, or is of another cluster; take it from a backup or from the registry";
        return false;
    }

    /// <summary>One line to be stored, <c>ghr1:TOKENID:BASE64</c>.</summary>
    public override string ToString() => Envelope.Write(Form, TokenId, [.. salt, .. body]);
}
