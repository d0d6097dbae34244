using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>
/// The cluster encryption key: 256 random bits that seal the cluster's secrets in the registry and in backups. Shown as
/// <c>GHEK-</c> and thirteen groups.
/// </summary>
public sealed class EncryptionKey
{
    /// <summary>How many random bytes it has.</summary>
    public const int RandomBytes = 32;

    private readonly byte[] bytes;

    private EncryptionKey(byte[] bytes)
    {
        this.bytes = bytes;
        Id = Base32.Id(SHA256.HashData([.. "gatehouse encryption key id "u8, .. bytes]));
    }

    /// <summary>Which key it is, 6 characters of a hash; no secret. What was sealed with it carries the id.</summary>
    public string Id { get; }

    /// <summary>The key as it is shown, typed and kept.</summary>
    public Secret Text => new(CheckedGroups.EncryptionKey.Write(bytes));

    /// <summary>The key itself.</summary>
    internal ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Makes a key of <see cref="RandomBytes"/> random bytes.</summary>
    public static EncryptionKey Make(ReadOnlySpan<byte> random) =>
        random.Length == RandomBytes
            ? new(random.ToArray())
            : throw new ArgumentException($"an encryption key is made of {RandomBytes} random bytes", nameof(random));

    /// <summary>Reads a key as typed or kept; the problem names the groups to look at and quotes no part of it.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out EncryptionKey? key, out string problem)
    {
        key = CheckedGroups.EncryptionKey.TryRead(text, out var bytes, out problem) ? new(bytes) : null;
        return key is not null;
    }

    /// <summary>Its id, not the key.</summary>
    public override string ToString() => $"encryption key {Id}";
}
