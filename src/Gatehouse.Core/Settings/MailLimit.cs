namespace Gatehouse.Core.Settings;

/// <summary>What messages are counted by.</summary>
public enum LimitKind
{
    /// <summary>The network that they come from, IPv4 /24 or IPv6 /64.</summary>
    InboundNetwork,

    /// <summary>The network of the host that they go to, where that is given by address.</summary>
    OutboundNetwork,

    /// <summary>The domain of their recipients.</summary>
    OutboundDomain,
}

/// <summary>How many messages are taken: a bucket that so many fill, and that runs empty in the time.</summary>
/// <param name="Name">What it is called in logs and answers.</param>
/// <param name="Kind">What is counted.</param>
/// <param name="Messages">How many.</param>
/// <param name="Per">In which time.</param>
public sealed record MailLimit(string Name, LimitKind Kind, int Messages, TimeSpan Per);

/// <summary>Where the log lines of all members are collected.</summary>
/// <param name="CollectOn">Names of the members that do it.</param>
/// <param name="Days">Days they are kept; 0 = for ever.</param>
public sealed record LogSettings(System.Collections.Immutable.ImmutableArray<string> CollectOn, int Days)
{
    /// <summary>Nobody collects.</summary>
    public static LogSettings None { get; } = new([], 0);
}
