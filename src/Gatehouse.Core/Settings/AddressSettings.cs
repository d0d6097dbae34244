using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>The addresses that are the cluster's, not a node's: one node has each of them at a time (virtual addresses; RFC
/// 5798).</summary>
public sealed record AddressSettings
{
    /// <summary>That of a host in no cluster.</summary>
    public static AddressSettings None { get; } = new() { Networks = [], Bindings = [] };

    /// <summary>What is known of the networks that the addresses lie in.</summary>
    public required ImmutableArray<AddressNetwork> Networks { get; init; }

    /// <summary>The addresses.</summary>
    public required ImmutableArray<AddressBinding> Bindings { get; init; }

    /// <summary>The network of an address: of those that it lies in, the narrowest; null when it lies in none.</summary>
    /// <param name="address">The address.</param>
    public AddressNetwork? NetworkOf(IPAddress address) =>
        Networks.Where(n => n.Network.Contains(address)).MaxBy(n => n.Network.PrefixLength);
}

/// <summary>A hint: how addresses of a network are put on a node.</summary>
/// <param name="Network">The network.</param>
/// <param name="Interface">The network interface that leads there.</param>
/// <param name="Prefix">The prefix length (netmask) that the addresses get; null for the address alone.</param>
public sealed record AddressNetwork(IPNetwork Network, string Interface, int? Prefix);

/// <summary>A virtual address.</summary>
/// <param name="Address">The address.</param>
/// <param name="Service">What has to be well on the node that has it.</param>
/// <param name="Preferred">The name of the member that has it whenever it can; empty when all are equal.</param>
/// <param name="Outgoing">Whether outgoing mail leaves by it, on the node that has it.</param>
/// <param name="RouterId">What the nodes know it by among each other (RFC 5798, VRID), 1 to 255.</param>
public sealed record AddressBinding(IPAddress Address, TrackedService Service, string Preferred, bool Outgoing, int RouterId)
{
    /// <summary>The members that may have it, the one that has it first of all first. All members find the same order.</summary>
    /// <param name="settings">A node's settings.</param>
    public ImmutableArray<Member> Carriers(GatewaySettings settings)
    {
        var able = Members.Of(settings).Where(m => m.Address.AddressFamily == Address.AddressFamily && Service.IsOn(m, settings)).ToArray();
        // Without a preference, addresses are spread over the nodes.
        return able.Length == 0
            ? []
            : [.. able.Skip(RouterId % able.Length).Concat(able.Take(RouterId % able.Length)).OrderByDescending(m => m.Name == Preferred)];
    }
}

/// <summary>A service that an address follows.</summary>
/// <param name="Name">Its name in an answer file.</param>
/// <param name="IsOn">Whether a member runs it.</param>
public sealed record TrackedService(string Name, Func<Member, GatewaySettings, bool> IsOn)
{
    /// <summary>All of them.</summary>
    public static ImmutableArray<TrackedService> All { get; } =
    [
        new("mail", (m, _) => m.Profile.Has("mail")),
        new("web", (m, _) => m.Profile.Has("web")),
        new("balancer", (m, s) => Balancers.Of(s).Contains(m)),
    ];

    /// <summary>One by its name.</summary>
    public static TrackedService Of(string name) => All.First(s => s.Name == name);

    /// <summary>Whether nodes of a profile can run it.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="named">Whether the node is named among the balancers.</param>
    public bool Fits(Profile profile, bool named) => profile.Has(Name) || (Name == Balancers.Role && named);
}
