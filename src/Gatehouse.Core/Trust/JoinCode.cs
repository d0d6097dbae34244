using System.Buffers.Binary;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>
/// What a new node is told so that it can trust the cluster and the cluster can trust it: which invitation, which root CA,
/// and a secret. 240 bits (2 version, 30 code id, 128 pin, 80 secret) in 12 groups of five characters; the last four
/// groups are the secret.
/// </summary>
public sealed class JoinCode
{
    /// <summary>How many random bytes <see cref="Make"/> takes: 4 for the id, 10 for the secret.</summary>
    public const int RandomBytes = 14;

    /// <summary>The size of the secret.</summary>
    internal const int SecretBytes = 10;

    private const int Version = 1;
    private const int IdBytes = 4;

    private JoinCode(string id, Pin pin, Secret secret, Secret text) => (Id, Pin, Secret, Text) = (id, pin, secret, text);

    /// <summary>The code's name, 6 characters, no secret: lists show it, and the issuer finds its record by it.</summary>
    public string Id { get; }

    /// <summary>Which root CA the cluster has.</summary>
    public Pin Pin { get; }

    /// <summary>The secret part alone, 16 characters: what is sent to the issuer once the CA has vouched for it.</summary>
    public Secret Secret { get; }

    /// <summary>The whole code as it is shown and typed.</summary>
    public Secret Text { get; }

    /// <summary>Makes a code.</summary>
    /// <param name="random"><see cref="RandomBytes"/> random bytes.</param>
    /// <param name="root">The pin of the root CA.</param>
    public static JoinCode Make(ReadOnlySpan<byte> random, Pin root)
    {
        if (random.Length != RandomBytes)
            throw new ArgumentException($"a join code is made of {RandomBytes} random bytes", nameof(random));
        Span<byte> bytes = stackalloc byte[IdBytes + Pin.Size + SecretBytes];
        random[..IdBytes].CopyTo(bytes);
        bytes[0] = (byte)((bytes[0] & 0x3F) | (Version << 6));
        root.Bytes().CopyTo(bytes[IdBytes..]);
        random[IdBytes..].CopyTo(bytes[(IdBytes + Pin.Size)..]);
        return Of(bytes);
    }

    /// <summary>Reads a code as typed.</summary>
    /// <param name="text">The text.</param>
    /// <param name="code">The code; null when there is a problem.</param>
    /// <param name="problem">What is wrong with it; quotes no part of the secret.</param>
    public static bool TryRead(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out JoinCode? code, out string problem)
    {
        code = null;
        if (!CheckedGroups.JoinCode.TryRead(text, out var bytes, out problem))
            return false;
        if (bytes[0] >> 6 is var version && version != Version)
        {
            problem =
                $"the join code is of version {version}, and this release reads version {Version}; install the release that the cluster "
                + $"runs";
            return false;
        }

        code = Of(bytes);
        return true;
    }

    /// <summary>What can be said of a code that is still being typed.</summary>
    /// <param name="text">The text so far.</param>
    /// <param name="groups">How many groups of five are complete, of <see cref="Groups"/>.</param>
    /// <returns>What is wrong with a group that is complete; empty while nothing is. It quotes no part of the secret.</returns>
    public static string JudgePart(string text, out int groups) => CheckedGroups.JoinCode.JudgePart(text, out groups);

    /// <summary>How many groups a code has.</summary>
    public static int Groups => CheckedGroups.JoinCode.Groups;

    /// <summary>The number that the registry files a code by: the 30 bits of its id.</summary>
    /// <param name="id">A code's <see cref="Id"/>.</param>
    /// <param name="number">0 to 2^30 - 1.</param>
    public static bool TryNumber(string id, out int number)
    {
        var isId = Base32.IsId(id);
        number = isId ? Base32.Number(id) : 0;
        return isId;
    }

    /// <summary>The id of the code that the registry files by a number.</summary>
    public static string IdOf(int number)
    {
        Span<byte> id = stackalloc byte[IdBytes];
        BinaryPrimitives.WriteUInt32BigEndian(id, (uint)number << 2);
        return Base32.Id(id);
    }

    /// <summary>Its name without its secret.</summary>
    public override string ToString() => $"join code {Id}";

    private static JoinCode Of(ReadOnlySpan<byte> bytes) =>
        new(
            IdOf(bytes),
            Pin.Read(bytes[IdBytes..]),
            new Secret(Base32.Write(bytes[(IdBytes + Pin.Size)..])),
            new Secret(CheckedGroups.JoinCode.Write(bytes))
        );

    // The two bits of the version stand in front of the id's thirty.
    private static string IdOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> id = stackalloc byte[IdBytes];
        BinaryPrimitives.WriteUInt32BigEndian(id, BinaryPrimitives.ReadUInt32BigEndian(bytes) << 2);
        return Base32.Id(id);
    }
}
