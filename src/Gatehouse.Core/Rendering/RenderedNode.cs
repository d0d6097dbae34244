using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Rendering;

/// <summary>The bytes of a file; equal when the SHA-256 is equal.</summary>
public sealed class FileContent : IEquatable<FileContent>
{
    /// <summary>Takes the bytes over and hashes them.</summary>
    public FileContent(ReadOnlyMemory<byte> bytes)
    {
        Bytes = bytes;
        Hash = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
    }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>SHA-256 in lower-case hexadecimal.</summary>
    public string Hash { get; }

    /// <summary>Content of a text, UTF-8.</summary>
    public static FileContent Of(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>The bytes as text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <inheritdoc/>
    public bool Equals(FileContent? other) => other is not null && Hash == other.Hash;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FileContent);

    /// <inheritdoc/>
    public override int GetHashCode() => Hash.GetHashCode(StringComparison.Ordinal);
}

/// <summary>What is to be at a path.</summary>
/// <param name="Component">Which component asks for it.</param>
/// <param name="Kind">Directory, file, link or absent.</param>
/// <param name="Path">Absolute path.</param>
/// <param name="Owner">Owner and mode.</param>
/// <param name="Hash">SHA-256 of a file's content; empty for anything else.</param>
/// <param name="Target">Target of a link; empty for anything else.</param>
/// <param name="Secret">Whether the content must never be shown.</param>
/// <param name="Keeps">The kind of shared file whose other lines are kept (<see cref="OwnLines"/>); empty for a file that is ours
/// whole.</param>
/// <param name="OnlyWith">A path without which the entry is not wanted on a machine; empty for always.</param>
public sealed record RenderedEntry(
    string Component,
    EntryKind Kind,
    string Path,
    Ownership Owner,
    string Hash,
    string Target,
    bool Secret,
    string Keeps = "",
    string OnlyWith = ""
);

/// <summary>A unit with the component it belongs to.</summary>
public sealed record RenderedUnit(string Component, ComponentUnit Unit);

/// <summary>A check with the component it belongs to.</summary>
public sealed record RenderedCheck(string Component, Check Check);

/// <summary>A verification with the component it belongs to.</summary>
public sealed record RenderedVerification(string Component, Verification Verification);

/// <summary>Everything a node is to have: packages, files, memberships, units, and how to judge them.</summary>
public sealed record RenderedNode
{
    /// <summary>Debian packages, sorted.</summary>
    public required ImmutableArray<string> Packages { get; init; }

    /// <summary>Directories before what is in them, otherwise in component order.</summary>
    public required ImmutableArray<RenderedEntry> Entries { get; init; }

    /// <summary>Group memberships.</summary>
    public required ImmutableArray<Membership> Members { get; init; }

    /// <summary>Commands that take over changed files.</summary>
    public required ImmutableArray<Reaction> Reactions { get; init; }

    /// <summary>Units in the order they are started.</summary>
    public required ImmutableArray<RenderedUnit> Units { get; init; }

    /// <summary>The TCP ports that its services listen on.</summary>
    public ImmutableArray<int> Listens { get; init; } = [];

    /// <summary>Directories that checkers write to.</summary>
    public ImmutableArray<string> Scratch { get; init; } = [];

    /// <summary>Checks before the swap.</summary>
    public required ImmutableArray<RenderedCheck> Checks { get; init; }

    /// <summary>Verifications after it.</summary>
    public required ImmutableArray<RenderedVerification> Verifications { get; init; }

    /// <summary>Templates that a site has replaced.</summary>
    public required ImmutableArray<string> Overridden { get; init; }

    /// <summary>The contents that the entries name by hash. Not part of any record: they may hold secrets.</summary>
    [JsonIgnore]
    public ImmutableDictionary<string, FileContent> Contents { get; init; } = ImmutableDictionary<string, FileContent>.Empty;
}
