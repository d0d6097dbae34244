using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Core.Outside;

/// <summary>What a look around a gateway found. What was not looked at, or could not be, is null or empty and is not judged.</summary>
public sealed record OutsideView
{
    /// <summary>The time of the look.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Whether the network was looked at: DNS, destinations, port 25 outward.</summary>
    public bool Network { get; init; }

    /// <summary>The addresses of this host's interfaces.</summary>
    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    /// <summary>Memory in bytes; 0 when unknown.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Free bytes of the file systems that grow, by one directory of each.</summary>
    public ImmutableSortedDictionary<string, long> Free { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Ports that sshd listens on; empty when unknown.</summary>
    public ImmutableArray<int> SshPorts { get; init; } = [];

    /// <summary>Whether services run here already, so that what they fetch and keep can be judged.</summary>
    public bool IsSetUp { get; init; }

    /// <summary>When the newest virus signatures were made; null when there are none.</summary>
    public DateTimeOffset? Signatures { get; init; }

    /// <summary>Certificates in use, by their file, with the end of their validity.</summary>
    public ImmutableArray<(string File, DateTimeOffset Until)> Certificates { get; init; } = [];

    /// <summary>Whether a time server has set the clock; null when unknown.</summary>
    public bool? ClockSynchronised { get; init; }

    /// <summary>The public key in the DKIM record to publish; empty when there is none yet.</summary>
    public string DkimKey { get; init; } = "";

    /// <summary>Name servers of the answers that did not answer.</summary>
    public ImmutableArray<IPAddress> SilentResolvers { get; init; } = [];

    /// <summary>What the name servers said.</summary>
    public DnsAnswers Dns { get; init; } = DnsAnswers.None;

    /// <summary>What the destinations of the domains said.</summary>
    public ImmutableArray<DestinationLook> Destinations { get; init; } = [];

    /// <summary>The attempt to reach a mail server of others; null when there was none to try.</summary>
    public OutwardLook? Outward { get; init; }
}

/// <summary>What a destination said to mail for a domain.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Destination">Its destination.</param>
/// <param name="Code">The SMTP reply to the recipient; 0 when it did not come to that.</param>
/// <param name="Words">The reply, or why there was none.</param>
public sealed record DestinationLook(string Domain, string Destination, int Code, string Words);

/// <summary>An attempt to reach a mail server of others.</summary>
/// <param name="Target">Which.</param>
/// <param name="Problem">Why it was not reached; empty when it was.</param>
public sealed record OutwardLook(string Target, string Problem);
