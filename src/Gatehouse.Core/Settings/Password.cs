using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>How a password was given.</summary>
public enum PasswordSource
{
    /// <summary>The value is known.</summary>
    Given,

    /// <summary>Only its hash is known.</summary>
    Hash,

    /// <summary>The program makes one and keeps it.</summary>
    Generate,

    /// <summary>It is asked for on the terminal when it is needed.</summary>
    Prompt,

    /// <summary>The cluster keeps it sealed for nodes of other duties; this node does not get it.</summary>
    Sealed,
}

/// <summary>A password answer.</summary>
/// <param name="Source">How it was given.</param>
/// <param name="Value">The password or the hash; null while it is still to be made or asked for.</param>
/// <param name="File">The file on this host that it was read from; null when it came otherwise.</param>
public sealed record Password(PasswordSource Source, Secret? Value, string? File = null);
