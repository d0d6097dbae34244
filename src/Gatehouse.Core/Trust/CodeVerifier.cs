using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>
/// What is kept of a join code to recognise it by: PBKDF2 (RFC 8018) of its secret, salted and bound to the code's id, so
/// that no copy of the registry can be joined with and no record can be put in place of another.
/// </summary>
public sealed class CodeVerifier
{
    /// <summary>How many random bytes the salt has.</summary>
    public const int SaltBytes = 16;

    // The secret has 80 random bits, so this only takes the edge off a farm of hash machines; more would let strangers
    // keep the issuer busy with wrong codes.
    private const int Iterations = 4096;
    private const int MostIterations = 1_000_000;
    private const int HashBytes = 32;
    private const string Form = "v1";

    private readonly byte[] salt;
    private readonly byte[] hash;
    private readonly int iterations;

    private CodeVerifier(byte[] salt, int iterations, byte[] hash) => (this.salt, this.iterations, this.hash) = (salt, iterations, hash);

    /// <summary>The verifier of a code.</summary>
    /// <param name="code">The code.</param>
    /// <param name="salt"><see cref="SaltBytes"/> random bytes.</param>
    public static CodeVerifier Of(JoinCode code, ReadOnlySpan<byte> salt)
    {
        if (salt.Length != SaltBytes)
            throw new ArgumentException($"the salt has {SaltBytes} bytes", nameof(salt));
        Base32.TryRead(code.Secret.Reveal(), out var secret);
        return new(salt.ToArray(), Iterations, Derive(code.Id, secret, salt, Iterations));
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out CodeVerifier? verifier)
    {
        verifier = null;
        var parts = text.Split(':');
        if (parts.Length != 4 || parts[0] != Form)
            return false;
        if (
            !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < 1 or > MostIterations
        )
            return false;
        if (!Envelope.TryBase64(parts[2], out var salt) || salt.Length != SaltBytes)
            return false;
        if (!Envelope.TryBase64(parts[3], out var hash) || hash.Length != HashBytes)
            return false;
        verifier = new(salt, iterations, hash);
        return true;
    }

    /// <summary>Whether it is the verifier of this code id and secret. The time it takes tells nothing about the secret.</summary>
    public bool Matches(string id, Secret secret) =>
        // The length is checked first: HMAC fills its key up with zero bytes, so a secret and a few more would be the same.
        Base32.TryRead(secret.Reveal(), out var bytes)
        && bytes.Length == JoinCode.SecretBytes
        && CryptographicOperations.FixedTimeEquals(Derive(id, bytes, salt, iterations), hash);

    /// <summary>One line to be stored: form, iterations, salt, hash.</summary>
    public override string ToString() => $"{Form}:{iterations}:{Convert.ToBase64String(salt)}:{Convert.ToBase64String(hash)}";

    private static byte[] Derive(string id, byte[] secret, ReadOnlySpan<byte> salt, int iterations)
    {
        byte[] bound = [.. salt, .. Encoding.UTF8.GetBytes($"gatehouse join code {id}")];
        return Rfc2898DeriveBytes.Pbkdf2(secret, bound, iterations, HashAlgorithmName.SHA256, HashBytes);
    }
}
