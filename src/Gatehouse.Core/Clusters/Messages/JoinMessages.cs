using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters.Messages;

/// <summary>What anybody may know of a cluster: who it is, and the CA that a join code names by its key.</summary>
/// <param name="Protocol">The version of the messages; see <see cref="JoinRequest.ThisProtocol"/>.</param>
/// <param name="Cluster">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Issuer">Where its issuer is reached, HOST:PORT; joining goes there.</param>
/// <param name="Roots">Its root certificates, PEM.</param>
public sealed record Introduction(int Protocol, string Cluster, string Name, string Issuer, ImmutableArray<string> Roots);

/// <summary>A host that wants to become a member. It is sent only to an issuer whose certificate the pinned CA has signed.</summary>
public sealed record JoinRequest
{
    /// <summary>The version of the messages that this program speaks.</summary>
    public const int ThisProtocol = 1;

    /// <summary>The version of the messages.</summary>
    public required int Protocol { get; init; }

    /// <summary>The joining host's release of Gatehouse.</summary>
    public required string Release { get; init; }

    /// <summary>Id of the join code.</summary>
    public required string Code { get; init; }

    /// <summary>Secret part of the join code.</summary>
    public required string Secret { get; init; }

    /// <summary>The name it is to have.</summary>
    public required string Name { get; init; }

    /// <summary>Where the others will reach it.</summary>
    public required string Address { get; init; }

    /// <summary>The port its agent will be reached at.</summary>
    public required int Port { get; init; }

    /// <summary>Where it stands.</summary>
    public required string Location { get; init; }

    /// <summary>Its clock.</summary>
    public required DateTimeOffset Clock { get; init; }

    /// <summary>Numeric ids of mail users that exist on it already, by name.</summary>
    public required ImmutableSortedDictionary<string, int> Users { get; init; }

    /// <summary>A port on which it answers with <see cref="Echo"/> for a moment, so that the way back is known to be open; 0 when it cannot
    /// listen.</summary>
    public required int EchoPort { get; init; }

    /// <summary>What it answers there.</summary>
    public required string Echo { get; init; }

    /// <summary>The certificate request, PEM; empty asks only whether the join would succeed.</summary>
    public required string Request { get; init; }
}

/// <summary>Something about a join that is wrong, or worth knowing.</summary>
/// <param name="IsError">Whether it is in the way.</param>
/// <param name="Code">A stable name.</param>
/// <param name="Message">What, where, and what to do.</param>
public sealed record JoinFinding(bool IsError, string Code, string Message);

/// <summary>A cluster secret, sealed with the cluster's encryption key.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">Its sealed form.</param>
public sealed record SealedSecret(string Name, string Text);

/// <summary>Everything a host needs to be a member.</summary>
public sealed record JoinGrant
{
    /// <summary>Its number.</summary>
    public required int Number { get; init; }

    /// <summary>Its certificate and the issuing CA's, PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>The cluster as it is with this node.</summary>
    public required ClusterView View { get; init; }

    /// <summary>The cluster-wide answers, an answer file.</summary>
    public required string Settings { get; init; }

    /// <summary>The settings version they are.</summary>
    public required long SettingsVersion { get; init; }

    /// <summary>The encryption key, for a node that needs cluster secrets; empty for another.</summary>
    public required string EncryptionKey { get; init; }

    /// <summary>The cluster's secrets.</summary>
    public required ImmutableArray<SealedSecret> Secrets { get; init; }
}

/// <summary>The answer to a <see cref="JoinRequest"/>.</summary>
/// <param name="Findings">Everything found, on the issuer's side.</param>
/// <param name="Grant">What was granted; null when something is in the way, or when it was only asked.</param>
public sealed record JoinAnswer(ImmutableArray<JoinFinding> Findings, JoinGrant? Grant)
{
    /// <summary>The members, so that the links to them can be measured; null from a release that does not tell.</summary>
    public ImmutableArray<Neighbour>? Members { get; init; }

    /// <summary>The profile that the code is for; null from a release that does not tell.</summary>
    public string? Profile { get; init; }

    /// <summary>The name that the code is for; null from a release that does not tell.</summary>
    public string? Name { get; init; }
}
