using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Rendering;

/// <summary>
/// What templates see: settings under the names they have in an answer file (<c>mta.host_name</c>), and beside them what is
/// derived. It holds no nulls and no numbers that stand for yes or no: whether something is there is a value of its own.
/// </summary>
internal static class ViewBuilder
{
    public static Dictionary<string, object> Build(GatewaySettings settings, Material material, string answers)
    {
        var view = Map(
            ("system", SystemView(settings.System)),
            ("role", RoleView(settings)),
            ("cluster", ClusterView(settings, material.Cluster)),
            ("firewall", Map(("sets", FirewallSets(settings)))),
            ("answers", new Secret(answers))
        );
        // A node sees nothing of duties that it does not have: a template that names it there is a mistake, and told as one.
        if (settings is { Mta: { } mta, Scanner: { } scanner })
        {
            view.Add("scanner", ScannerView(scanner, mta));
            view.Add("mta", MtaView(mta, material));
            view.Add("quarantine", QuarantineView.Of(settings, material.Cluster));
            view.Add("controller", ControllerView.Of(settings, Made(material.ControllerPassword)));
        }

        if (settings.Web is { } web)
            view.Add("web", WebView(web, settings, material));
        if (settings.System.Profile.Has("database"))
            view.Add("database", DatabaseView.Build(settings, Made(material.Cluster)));
        BackendView.Add(view, settings, material);
        view.Add("nginx", Map(("runs", settings.Web is not null || ControllerView.IsViewed(settings))));
        view.Add("balancer", BalancerView.Of(settings));
        view.Add("addresses", AddressView.Of(settings));
        view.Add("services", ServicesView.Of(settings));
        LimitView.Add(view, settings);
        return view;
    }

    private static T Made<T>(T? material)
        where T : class =>
        material ?? throw new ArgumentException("the material is not that of a node with these settings", nameof(material));

    // Which duties the node has.
    private static Dictionary<string, object> RoleView(GatewaySettings settings) =>
        Map(
            ("mail", settings.Mta is not null),
            ("web", settings.Web is not null),
            ("database", settings.System.Profile.Has("database")),
            ("balancer", Balancers.IsOne(settings))
        );

    private static Dictionary<string, object> SystemView(SystemSettings s) =>
        Map(
            ("name", s.Name),
            ("short_name", Short(s.Name)),
            ("address", s.Address.ToString()),
            ("ipv6", s.HasIPv6),
            ("time_zone", s.TimeZone),
            ("ntp_servers", s.NtpServers),
            ("resolvers", Texts(s.Resolvers)),
            ("ssh_port", s.SshPort)
        );

    private static Dictionary<string, object> ScannerView(ScannerSettings s, MtaSettings mta) =>
        Map(
            ("site_name", s.SiteName),
            ("organisation", s.Organisation),
            // SMTP replies are ASCII (RFC 5321 section 2.4).
            ("in_banner", s.Organisation.Length > 0 && System.Text.Ascii.IsValid(s.Organisation)),
            ("spam_score", s.SpamScore),
            ("high_spam_score", s.HighSpamScore),
            ("greylist_score", decimal.Round(s.SpamScore * 2 / 3, 2)),
            ("greylisting", s.Greylisting),
            ("virus", s.VirusScanner),
            ("virus_scan_size", ScanLimits.VirusScanSize(mta.MessageSizeLimit)),
            ("virus_does", Does(s.VirusAction)),
            ("unscannable_does", Does(s.UnscannableAction)),
            ("encrypted_does", Does(s.EncryptedAction)),
            ("spam_does", Does(s.SpamAction)),
            ("high_spam_does", Does(s.HighSpamAction)),
            ("spam_tenths", ScanLimits.Tenths(s.SpamScore)),
            ("high_spam_tenths", ScanLimits.Tenths(s.HighSpamScore)),
            ("limit_source_network", s.LimitSourceNetwork),
            ("limit_destination_network", s.LimitDestinationNetwork),
            ("limit_recipient_domain", s.LimitRecipientDomain),
            ("destination_networks", DestinationNetworks(mta)),
            ("quarantine_on_shared_file_system", s.QuarantineShared == QuarantineSharing.FileSystem),
            ("quarantine_directory", s.QuarantineDirectory),
            ("expires", s.QuarantineDays > 0),
            ("quarantine_days", s.QuarantineDays)
        );

    // The word for what is done, in Exim's configuration and its log.
    private static string Does(MailAction action) =>
        action switch
        {
            MailAction.Tag => "tagged",
            MailAction.Quarantine => "quarantined",
            _ => "rejected",
        };

    private static Dictionary<string, object> MtaView(MtaSettings s, Material material)
    {
        var certified = Made(material.Mta);
        return Map(
            ("host_name", s.HostName),
            (
                "domains",
                s.Domains.Select(d =>
                        Map(
                            ("domain", d.Domain),
                            ("host", d.Destination.Host),
                            ("address", d.Destination.IsAddress),
                            ("port", d.Destination.Port)
                        )
                    )
                    .ToImmutableArray()
            ),
            ("has_domains", !s.Domains.IsEmpty),
            ("has_other_ports", s.Domains.Any(d => d.Destination.Port != 25)),
            ("international_domains", InternationalDomains(s)),
            ("has_international_domains", !InternationalDomains(s).IsEmpty),
            ("probe_domains", s.Domains.Take(20).Select(d => d.Domain).ToImmutableArray()),
            ("relay_networks", Texts(s.RelayNetworks)),
            ("has_smart_host", s.SmartHost is not null),
            ("smart_host_is_address", s.SmartHost is { IsAddress: true }),
            ("smart_host_name", s.SmartHost?.Host ?? ""),
            ("smart_host_port", s.SmartHost?.Port ?? 0),
            ("smart_host_login", s.SmartHostPassword is not null),
            ("smart_host_user", s.SmartHostUser),
            ("smart_host_password", s.SmartHostPassword?.Value ?? new Secret("")),
            ("message_size_limit", s.MessageSizeLimit),
            ("postmaster", s.Postmaster),
            ("certificate", certified.CertificatePem),
            ("key", certified.KeyPem),
            ("tls_required", s.TlsRequired),
            ("tls12", s.TlsMinimum == "1.2"),
            ("has_submission", !s.SubmissionPorts.IsEmpty),
            ("submission_ports", s.SubmissionPorts),
            ("submissions", s.SubmissionPorts.Contains(465)),
            ("connections", s.Connections),
            ("reserved_connections", s.Connections / 10),
            ("connections_per_host", s.ConnectionsPerHost),
            ("block_lists", s.BlockLists),
            ("has_block_lists", !s.BlockLists.IsEmpty),
            ("recipient_callout", s.RecipientCheck == RecipientCheck.Callout),
            ("recipient_listed", s.RecipientCheck == RecipientCheck.List),
            ("recipient_list", s.RecipientList),
            ("dkim", material.Dkim is not null),
            ("dkim_domains", s.DkimDomains),
            ("dkim_selector", s.DkimSelector),
            ("dkim_key", material.Dkim?.Pem ?? new Secret("")),
            ("dkim_kind", material.Dkim?.Kind ?? ""),
            ("dkim_record", DnsStrings("p=" + material.Dkim?.Record)),
            ("has_load_balancers", !s.LoadBalancers.IsEmpty),
            ("load_balancers", Texts(s.LoadBalancers))
        );
    }

    private static Dictionary<string, object> WebView(WebSettings s, GatewaySettings settings, Material material) =>
        Map(
            ("host_name", s.HostName),
            ("administrator", s.Administrator),
            ("password_hash", Made(material.WebPasswordHash)),
            ("password_generated", material.WebPassword is not null),
            ("password", material.WebPassword ?? new Secret("")),
            ("password_in_file", material.WebPassword is not null || s.Password.File is not null),
            ("password_file", material.WebPassword is null && s.Password.File is { } file ? file : "/etc/gatehouse/secrets/web-password"),
            ("certificate", Made(material.Web).CertificatePem),
            ("key", Made(material.Web).KeyPem),
            ("networks", Texts(s.Networks)),
            ("shared", settings.System.Profile.Clustered),
            ("scanners", ControllerView.Scanners(settings)),
            ("has_scanners", ControllerView.Scanners(settings).Length > 0),
            ("one_scanner", ControllerView.Scanners(settings).Length == 1),
            ("has_load_balancers", !s.LoadBalancers.IsEmpty),
            ("load_balancers", Texts(s.LoadBalancers))
        );

    private static Dictionary<string, object> ClusterView(GatewaySettings settings, ClusterMaterial? material)
    {
        var member = settings.System.Profile.Clustered;
        var view = Map(
            ("id", settings.Cluster.Id),
            ("name", settings.Cluster.Name),
            ("exim_number", settings.Cluster.Id <= 16),
            ("member", member),
            ("approval", ApprovalRules.Word(settings.Cluster.Approval)),
            ("issuer", member && material?.Issuer is not null),
            ("peers", member ? Peers(settings) : [])
        );
        if (!member)
            return view;
        var trust = Made(material);
        view.Add("ca", trust.RootsPem);
        view.Add("certificate", trust.Node.CertificatePem);
        view.Add("key", trust.Node.KeyPem);
        view.Add("crl", trust.RevocationListsPem);
        if (trust.Issuer is not { } issuer)
            return view;
        view.Add("issuer_certificate", issuer.CertificatePem);
        view.Add("issuer_key", issuer.KeyPem);
        return view;
    }

    // A short name is given to the one member that has it; of two, neither answers to it.
    private static ImmutableArray<Dictionary<string, object>> Peers(GatewaySettings settings)
    {
        var names = settings
            .Cluster.Peers.Select(p => Short(p.Name))
            .Append(Short(settings.System.Name))
            .CountBy(n => n, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);
        return
        [
            .. settings.Cluster.Peers.Select(p =>
                Map(
                    ("name", p.Name),
                    ("address", p.Address.ToString()),
                    ("short_name", Short(p.Name)),
                    ("has_short_name", names[Short(p.Name)] == 1)
                )
            ),
        ];
    }

    private static string Short(string name) => name.Split('.')[0];

    // Domains whose destination is an address, with the network that address lies in (IPv4 /24, IPv6 /64).
    private static ImmutableArray<Dictionary<string, object>> DestinationNetworks(MtaSettings mta) =>
        [
            .. mta
                .Domains.Where(d => d.Destination.IsAddress)
                .Select(d =>
                {
                    var address = IPAddress.Parse(d.Destination.Host);
                    var bits = d.Destination.IsIPv6 ? 64 : 24;
                    return Map(("domain", d.Domain), ("network", $"{Addresses.Mask(address, bits)}/{bits}"));
                }),
        ];

    // Each way to write one of our domains in its own letters, with the form that lists have.
    private static ImmutableArray<Dictionary<string, object>> InternationalDomains(MtaSettings mta) =>
        [
            .. mta
                .Domains.Select(d => d.Domain)
                .Union(mta.DkimDomains)
                .SelectMany(d => InternationalNames.Spellings(d).Select(s => Map(("written", s), ("domain", d)))),
        ];

    // A string of a TXT record holds at most 255 bytes (RFC 1035 section 3.3).
    private static ImmutableArray<string> DnsStrings(string text) => [.. text.Chunk(250).Select(c => new string(c))];

    private static ImmutableArray<string> Texts<T>(ImmutableArray<T> values) => [.. values.Select(v => v!.ToString()!)];

    // One nftables set for each list and address family, admin4, admin6 and so on: a set holds one family only.
    private static ImmutableArray<Dictionary<string, object>> FirewallSets(GatewaySettings settings)
    {
        List<(string Name, IEnumerable<IPNetwork> Networks)> lists = [("admin", settings.System.AdminNetworks)];
        if (settings.Mta is { } mta)
            lists.AddRange([("relay", mta.RelayNetworks), ("mailbalancer", mta.LoadBalancers.Select(Alone))]);
        if (settings.Web is { } web)
            lists.AddRange([("web", web.Networks), ("balancer", web.LoadBalancers.Select(Alone))]);
        if (settings.System.Profile.Clustered)
            lists.Add(
                (
                    "member",
                    settings
                        .Cluster.Peers.Select(p => p.Address)
                        .Concat(settings.Cluster.Peers.Select(p => p.Former).OfType<IPAddress>())
                        .Prepend(settings.System.Address)
                        .Select(Alone)
                )
            );
        if (settings.System.Profile.Has("database"))
            lists.Add(
                (
                    "database",
                    DatabaseView
                        .Nodes(settings)
                        .Select(n => n.Address)
                        .Concat(settings.Cluster.Peers.Where(p => p.Profile.Has("database")).Select(p => p.Former).OfType<IPAddress>())
                        .Select(Alone)
                )
            );
        lists.AddRange(BackendView.FirewallLists(settings).Select(l => (l.Name, l.Addresses.Select(Alone))));
        if (AddressView.Partners(settings) is { IsEmpty: false } partners)
            lists.Add(("carrier", partners.Select(Alone)));
        if (ControllerView.IsViewed(settings))
            lists.Add(("viewer", ControllerView.Viewers(settings).Select(Alone)));
        if (QuarantineView.IsSynchronised(settings))
            lists.Add(("sync", QuarantineView.Sources(settings).Select(Alone)));
        (string Suffix, AddressFamily Family, string Type)[] families =
        [
            ("4", AddressFamily.InterNetwork, "ipv4_addr"),
            ("6", AddressFamily.InterNetworkV6, "ipv6_addr"),
        ];
        return
        [
            .. from list in lists
            from family in families
            let members = list
                .Networks.Where(n => n.BaseAddress.AddressFamily == family.Family)
                .Select(n => n.ToString())
                .ToImmutableArray()
            select Map(("name", list.Name + family.Suffix), ("type", family.Type), ("any", !members.IsEmpty), ("members", members)),
        ];
    }

    private static IPNetwork Alone(IPAddress address) => new(address, address.GetAddressBytes().Length * 8);

    internal static Dictionary<string, object> Map(params ReadOnlySpan<(string Key, object Value)> pairs)
    {
        var map = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
            map.Add(key, value);
        return map;
    }
}
