using System.Net;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>
/// What leads to the node itself, by name or address: mail sent there would loop. Answers may be checked on another host than the
/// one they are for; what only the facts say counts when the answers name this host's own address or name.
/// </summary>
internal sealed class OwnHost
{
    private readonly HashSet<string> names = new(StringComparer.Ordinal)
    {
        "localhost",
        "localhost.localdomain",
        "ip6-localhost",
        "ip6-loopback",
    };
    private readonly HashSet<IPAddress> addresses = [];

    /// <summary>Gathers the names and addresses.</summary>
    public OwnHost(ValueSet v, Inputs inputs)
    {
        foreach (var path in new[] { "system.name", "mta.host_name" })
        {
            if (!v.TryGet<string>(path, out var name))
                continue;
            names.Add(name);
            // /etc/hosts gives the short name as well.
            names.Add(name.Split('.')[0]);
        }

        if (v.TryGet<IPAddress>("system.address", out var address))
            addresses.Add(address);
        var facts = inputs.Facts;
        IsHere = facts.Addresses.Contains(address) || (facts.HostName.Length > 0 && names.Contains(facts.HostName));
        if (!IsHere)
            return;
        addresses.UnionWith(facts.Addresses);
        names.UnionWith(facts.OwnNames);
    }

    /// <summary>Whether the answers are for the host that they are checked on, as far as its name or address shows.</summary>
    public bool IsHere { get; }

    /// <summary>Whether a name or an address, without port, is the node itself.</summary>
    public bool Is(string host) =>
        IPAddress.TryParse(host, out var address)
            ? Is(address)
            : names.Contains(host) || host.EndsWith(".localhost", StringComparison.Ordinal);

    /// <summary>Whether an address is the node itself.</summary>
    public bool Is(IPAddress address) => AddressUse.IsThisHost(address) || addresses.Contains(address);

    /// <summary>Whether a domain of mail is the node's own name.</summary>
    public bool IsName(string domain) => !IPAddress.TryParse(domain, out _) && Is(domain);
}
