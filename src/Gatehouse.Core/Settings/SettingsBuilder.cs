using System.Net;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Makes the typed settings of a complete set of values: one function an area.</summary>
internal static class SettingsBuilder
{
    public static GatewaySettings Build(ValueSet v, Inputs inputs) =>
        Balancers.Trusted(
            new(
                BuildSystem(v, inputs.Facts),
                Only("mail", v, BuildScanner),
                Only("mail", v, s => BuildMta(s, inputs)),
                Only("web", v, s => BuildWeb(s, inputs)),
                BuildCluster(v)
            )
            {
                Backend = BackendBuilder.Build(v),
                Balancer = BalancerBuilder.Build(v),
                Addresses = AddressBuilder.Build(v),
                Limits = LimitRules.Build(v),
                Logs = LogRules.Build(v),
            }
        );

    // Null where the node does not have the duty.
    private static T? Only<T>(string role, ValueSet v, Func<ValueSet, T> build)
        where T : class => v.Profile!.Has(role) ? build(v) : null;

    private static SystemSettings BuildSystem(ValueSet v, Facts facts) =>
        new()
        {
            HasIPv6 = facts.HasIPv6,
            Name = v.Get<string>("system.name"),
            Address = v.Get<IPAddress>("system.address"),
            Profile = v.Profile!,
            Location = v.Text("system.location"),
            TimeZone = v.Get<string>("system.time_zone"),
            NtpServers = v.List<string>("system.ntp_servers"),
            Resolvers = v.List<IPAddress>("system.resolvers"),
            AdminNetworks = v.List<IPNetwork>("system.admin_networks"),
            SshPort = v.Get<int>("system.ssh_port"),
        };

    private static ScannerSettings BuildScanner(ValueSet v) =>
        new()
        {
            SiteName = v.Get<string>("scanner.site_name"),
            Organisation = v.Text("scanner.organisation"),
            SpamScore = v.Get<decimal>("scanner.spam_score"),
            SpamAction = Action(v, "scanner.spam_action"),
            HighSpamScore = v.Get<decimal>("scanner.high_spam_score"),
            HighSpamAction = Action(v, "scanner.high_spam_action"),
            Greylisting = v.Get<bool>("scanner.greylisting"),
            VirusScanner = v.Get<string>("scanner.virus_scanner") == "clamav",
            VirusAction = v.TryGet<string>("scanner.virus_action", out _) ? Action(v, "scanner.virus_action") : MailAction.Quarantine,
            UnscannableAction = v.TryGet<string>("scanner.unscannable_action", out _)
                ? Action(v, "scanner.unscannable_action")
                : MailAction.Quarantine,
            EncryptedAction = v.TryGet<string>("scanner.encrypted_action", out _) ? Action(v, "scanner.encrypted_action") : MailAction.Tag,
            LimitSourceNetwork = v.Get<int>("scanner.limit_source_network"),
            LimitDestinationNetwork = v.Get<int>("scanner.limit_destination_network"),
            LimitRecipientDomain = v.Get<int>("scanner.limit_recipient_domain"),
            QuarantineDirectory = v.Get<string>("scanner.quarantine_directory"),
            QuarantineDays = v.Get<int>("scanner.quarantine_days"),
            QuarantineShared = v.Get<string>("scanner.quarantine_shared") switch
            {
                "built-in" => QuarantineSharing.BuiltIn,
                "file-system" => QuarantineSharing.FileSystem,
                _ => QuarantineSharing.Off,
            },
            ForwardedAddress = v.TryGet<IPAddress>("quarantine.forwarded_address", out var forwarded) ? forwarded : null,
            ForwardedPort = v.TryGet<int>("quarantine.forwarded_port", out var port) ? port : Quarantine.QuarantinePlace.SyncPort,
        };

    private static MtaSettings BuildMta(ValueSet v, Inputs inputs) =>
        new()
        {
            HostName = v.Get<string>("mta.host_name"),
            Domains = [.. v.Rows("mta.domains").Select(r => new MailDomain((string)r.Values["domain"], (HostPort)r.Values["destination"]))],
            RelayNetworks = v.List<IPNetwork>("mta.relay_networks"),
            SmartHost = v.TryGet<HostPort>("mta.smart_host", out var host) ? host : null,
            SmartHostUser = v.Text("mta.smart_host_user"),
            SmartHostPassword = v.TryGet<Password>("mta.smart_host_password", out var password) ? password : null,
            MessageSizeLimit = v.Get<long>("mta.message_size_limit"),
            Postmaster = v.Get<string>("mta.postmaster"),
            Certificate = Certificate(v, inputs, "mta"),
            TlsRequired = v.Get<string>("mta.tls_policy") == "required",
            TlsMinimum = v.Get<string>("mta.tls_minimum"),
            SubmissionPorts =
            [
                .. v.List<string>("mta.submission_ports")
                    .Select(p => int.Parse(p, System.Globalization.CultureInfo.InvariantCulture))
                    .Order(),
            ],
            Connections = v.Get<int>("mta.connections"),
            ConnectionsPerHost = v.Get<int>("mta.connections_per_host"),
            BlockLists = v.List<string>("mta.block_lists"),
            RecipientCheck = v.Get<string>("mta.recipient_check") switch
            {
                "callout" => RecipientCheck.Callout,
                "list" => RecipientCheck.List,
                _ => RecipientCheck.None,
            },
            RecipientList = v.Text("mta.recipient_list"),
            DkimDomains = v.List<string>("mta.dkim_domains"),
            DkimSelector = v.Get<string>("mta.dkim_selector"),
            DkimKey = v.Text("mta.dkim_key_file") is { Length: > 0 } dkim ? DkimKey.Read(inputs.TextOf(dkim) ?? "", out _) : null,
            LoadBalancers = v.List<IPAddress>("mta.load_balancers"),
        };

    private static WebSettings BuildWeb(ValueSet v, Inputs inputs) =>
        new()
        {
            HostName = v.Get<string>("web.host_name"),
            Administrator = v.Get<string>("web.administrator"),
            Password = v.Get<Password>("web.password"),
            Certificate = Certificate(v, inputs, "web"),
            Networks = v.List<IPNetwork>("web.networks"),
            LoadBalancers = v.List<IPAddress>("web.load_balancers"),
        };

    private static ClusterSettings BuildCluster(ValueSet v) =>
        new()
        {
            Name = v.Text("cluster.name"),
            Id = v.Get<int>("cluster.id"),
            Approval = Enum.Parse<ApprovalMode>(v.Get<string>("cluster.approval"), ignoreCase: true),
            Peers =
            [
                .. v.Rows("cluster.peers")
                    .Select(r => new Peer(
                        (string)r.Values["name"],
                        (IPAddress)r.Values["address"],
                        (int)r.Values["port"],
                        Profile.Find((string)r.Values["profile"])!,
                        r.Values.GetValueOrDefault("former") as IPAddress,
                        (int)r.Values["id"]
                    )
                    {
                        Forwarded = r.Values.GetValueOrDefault("forwarded") as IPAddress,
                        Certificates = QuarantineRules.Fingerprints(r),
                    }),
            ],
        };

    private static MailAction Action(ValueSet v, string path) =>
        v.Get<string>(path) switch
        {
            "reject" => MailAction.Reject,
            "quarantine" => MailAction.Quarantine,
            _ => MailAction.Tag,
        };

    private static CertificateChoice Certificate(ValueSet v, Inputs inputs, string screen)
    {
        var (certificate, key) = (v.Text($"{screen}.certificate_file"), v.Text($"{screen}.key_file"));
        return v.Get<string>($"{screen}.certificate") switch
        {
            "own" when OwnCertificate.Read(inputs.TextOf(certificate) ?? "", inputs.TextOf(key) ?? "") is var own => new CertificateChoice(
                CertificateSource.Own,
                own.ChainPem,
                own.KeyPem
            ),
            "cluster" => new CertificateChoice(CertificateSource.Cluster, "", new Secret("")),
            _ => new CertificateChoice(CertificateSource.SelfSigned, "", new Secret("")),
        };
    }
}
