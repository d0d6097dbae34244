using System.Collections.Immutable;
using Gatehouse.Core.Values;

namespace Gatehouse.Registry;

/// <summary>A host that may hold the registry's database.</summary>
/// <param name="Name">A name or an address; what its certificate must be for.</param>
/// <param name="Port">The TCP port of PostgreSQL.</param>
public readonly record struct DatabaseHost(string Name, int Port = DatabaseHost.UsualPort)
{
    /// <summary>PostgreSQL's port.</summary>
    public const int UsualPort = 5432;

    /// <summary><c>name:port</c>, an IPv6 address in brackets.</summary>
    public override string ToString() => Name.Contains(':', StringComparison.Ordinal) ? $"[{Name}]:{Port}" : $"{Name}:{Port}";
}

/// <summary>How a member reaches the registry: over TLS 1.3, by its node certificate, trusting the cluster's roots and nothing
/// else.</summary>
public sealed record DatabaseLogin
{
    /// <summary>All hosts of the database, in any order; the one that takes writes is found by asking.</summary>
    public required ImmutableArray<DatabaseHost> Hosts { get; init; }

    /// <summary>
    /// The nodes that hold the database, by name. A certificate for one of them is as good as one for the address that is
    /// called: an address changes sooner than the certificate that names it.
    /// </summary>
    public ImmutableHashSet<string> HostNames { get; init; } = [];

    /// <summary>The member's fully qualified name, which is the name of its role too.</summary>
    public required string Node { get; init; }

    /// <summary>The person on whose behalf the node acts; events name it beside the node. Null when there is none.</summary>
    public string? Administrator { get; init; }

    /// <summary>The cluster's roots, PEM. The system's store of CAs is never consulted.</summary>
    public required ImmutableArray<string> Roots { get; init; }

    /// <summary>The node certificate and those of the CAs below the root, PEM, the node's first.</summary>
    public required string Certificate { get; init; }

    /// <summary>The node certificate's private key, PEM.</summary>
    public required Secret Key { get; init; }

    /// <summary>Serial numbers, in lower-case hexadecimal, of certificates that are not accepted from a database host any more.</summary>
    public ImmutableHashSet<string> Revoked { get; init; } = [];

    /// <summary>The database.</summary>
    public string Database { get; init; } = "gatehouse";

    /// <summary>How long one host may take to answer.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);
}
