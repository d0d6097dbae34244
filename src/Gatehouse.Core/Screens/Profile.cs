using System.Collections.Immutable;

namespace Gatehouse.Core.Screens;

/// <summary>A kind of node: a named set of roles (Baruwa's nine, <c>full</c>, and <c>balancer</c>).</summary>
/// <param name="Name">As written in an answer file.</param>
/// <param name="Roles">The duties it has.</param>
public sealed record Profile(string Name, ImmutableArray<string> Roles)
{
    /// <summary>All profiles.</summary>
    public static ImmutableArray<Profile> All { get; } =
    [
        new("standalone", ["mail", "web"]),
        new("backend", ["database", "cache", "mq", "indexer"]),
        new("database", ["database"]),
        new("cache", ["cache"]),
        new("mq", ["mq"]),
        new("indexer", ["indexer"]),
        new("mail", ["mail"]),
        new("web", ["web"]),
        new("node", ["mail", "web"]),
        new("balancer", ["balancer"]),
        new("full", ["database", "cache", "mq", "indexer", "mail", "web"]),
    ];

    /// <summary>The names of all profiles.</summary>
    public static ImmutableArray<string> Names { get; } = [.. All.Select(p => p.Name)];

    /// <summary>Whether nodes of this profile are members of a cluster.</summary>
    public bool Clustered => Name != "standalone";

    /// <summary>Whether nodes of this profile have a duty.</summary>
    public bool Has(string role) => Roles.Contains(role);

    /// <summary>A profile by name, or null.</summary>
    public static Profile? Find(string name) => All.FirstOrDefault(p => p.Name == name);
}
