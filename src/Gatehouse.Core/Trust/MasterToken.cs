using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>
/// The cluster master token: 160 random bits that the operator keeps. It opens the root CA's key, and so authorises new
/// issuers, promotion and recovery. Shown as <c>GHMT-</c> and eight groups.
/// </summary>
public sealed class MasterToken
{
    /// <summary>How many random bytes it has.</summary>
    public const int RandomBytes = 20;

    private readonly byte[] bytes;

    private MasterToken(byte[] bytes)
    {
        this.bytes = bytes;
        Id = Base32.Id(Derive([], "id", 4));
    }

    /// <summary>Which token it is, 6 characters derived one way; no secret.</summary>
    public string Id { get; }

    /// <summary>The token as it is shown and typed.</summary>
    public Secret Text => new(CheckedGroups.MasterToken.Write(bytes));

    /// <summary>Makes a token of <see cref="RandomBytes"/> random bytes.</summary>
    public static MasterToken Make(ReadOnlySpan<byte> random) =>
        random.Length == RandomBytes
            ? new(random.ToArray())
            : throw new ArgumentException($"a master token is made of {RandomBytes} random bytes", nameof(random));

    /// <summary>Reads a token as typed; the problem names the groups to look at and quotes no part of it.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out MasterToken? token, out string problem)
    {
        token = CheckedGroups.MasterToken.TryRead(text, out var bytes, out problem) ? new(bytes) : null;
        return token is not null;
    }

    /// <summary>What a promotion is proved with, 32 bytes; the registry knows its SHA-256, from which nobody gets back to the
    /// token.</summary>
    /// <param name="clusterId">The cluster.</param>
    public byte[] PromotionProof(string clusterId) => Derive([], $"promotion {clusterId}", 32);

    /// <summary>Its id, not the token.</summary>
    public override string ToString() => $"master token {Id}";

    /// <summary>A key for one use (HKDF, RFC 5869). The token is random throughout, so it needs no stretching.</summary>
    internal byte[] Derive(ReadOnlySpan<byte> salt, string use, int length)
    {
        var key = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, key, salt, Encoding.UTF8.GetBytes($"gatehouse master token {use}"));
        return key;
    }
}
