using System.Collections.Immutable;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>What templates see as <c>services</c>: what a node has to offer to those outside of it.</summary>
internal static class ServicesView
{
    /// <summary>The view.</summary>
    /// <param name="settings">The node's settings.</param>
    public static Dictionary<string, object> Of(GatewaySettings settings)
    {
        List<(string Name, int Port, bool IsMail)> services = [];
        if (settings.Mta is { } mta)
            services.AddRange([("smtp", 25, true), .. mta.SubmissionPorts.Select(p => (p == 465 ? "submissions" : "submission", p, true))]);
        if (settings.Web is not null)
            services.AddRange([("http", 80, false), ("https", 443, false)]);
        return ViewBuilder.Map(
            ("any", services.Count > 0),
            ("described", services.Count > 0 && settings.Balancer.Consul),
            // Who asks whether they are well: keepalived, and Consul.
            ("asked", (services.Count > 0 && settings.Balancer.Consul) || AddressView.Carried(settings).Any()),
            ("mail", settings.Mta is not null),
            ("address", settings.System.Address.ToString()),
            ("node", settings.System.Name),
            ("list", services.Select(s => ViewBuilder.Map(("name", s.Name), ("port", s.Port), ("mail", s.IsMail))).ToImmutableArray())
        );
    }
}
