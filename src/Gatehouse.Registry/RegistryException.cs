using System.Collections.Immutable;

namespace Gatehouse.Registry;

/// <summary>Why the registry could not do what was asked.</summary>
public enum RegistryFailure
{
    /// <summary>No host of the database could be reached, or the connection broke.</summary>
    Unreachable,

    /// <summary>The epoch that it was to be done by is over.</summary>
    StaleEpoch,

    /// <summary>Somebody else changed it since it was read.</summary>
    Conflict,

    /// <summary>The name belongs to another node.</summary>
    NameTaken,

    /// <summary>The address belongs to another node.</summary>
    AddressTaken,

    /// <summary>The database holds a cluster already.</summary>
    ClusterExists,

    /// <summary>The database holds no cluster yet.</summary>
    NoCluster,

    /// <summary>The login is none of a member.</summary>
    NotAMember,

    /// <summary>What was named is not there.</summary>
    NotFound,

    /// <summary>The rules do not allow it as things stand.</summary>
    NotAllowed,

    /// <summary>The master token is not this cluster's.</summary>
    WrongMasterToken,

    /// <summary>A good code for this name is there already.</summary>
    CodeExists,

    /// <summary>The code was made by another cluster.</summary>
    WrongCluster,

    /// <summary>There is no such code.</summary>
    UnknownCode,

    /// <summary>The code's time is over.</summary>
    CodeExpired,

    /// <summary>The code was used by another host.</summary>
    CodeUsed,

    /// <summary>The code was withdrawn, replaced, or tried too often.</summary>
    CodeEnded,

    /// <summary>The code's secret is wrong.</summary>
    WrongSecret,

    /// <summary>The login has no right to this.</summary>
    NotPermitted,

    /// <summary>Somebody else runs this sequence.</summary>
    Locked,

    /// <summary>The schema is not one that this release knows.</summary>
    Schema,

    /// <summary>A value breaks a rule of the schema.</summary>
    Invalid,
}

/// <summary>The registry refused or failed; the message is for the administrator and says what to do.</summary>
public class RegistryException : Exception
{
    /// <summary>A failure.</summary>
    public RegistryException(RegistryFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>Its kind, for programs.</summary>
    public RegistryFailure Failure { get; }
}

/// <summary>The node acts by an epoch that is over: another one was promoted. It must step down.</summary>
public sealed class StaleEpochException(string message, Exception? inner = null)
    : RegistryException(RegistryFailure.StaleEpoch, message, inner);

/// <summary>Why one host of the database could not be used.</summary>
/// <param name="Host">The host.</param>
/// <param name="Why">The reason, in words.</param>
public sealed record HostFailure(DatabaseHost Host, string Why);

/// <summary>No host of the database can be used.</summary>
public sealed class RegistryUnreachableException(string message, ImmutableArray<HostFailure> hosts, Exception? inner = null)
    : RegistryException(RegistryFailure.Unreachable, message, inner)
{
    /// <summary>Each host that was tried, and why it could not be used; empty when an open connection broke.</summary>
    public ImmutableArray<HostFailure> Hosts { get; } = hosts;
}
