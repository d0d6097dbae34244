using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Everything a node is to be: validated, typed, immutable. Templates and plans see nothing else.</summary>
/// <param name="System">The host itself.</param>
/// <param name="Scanner">Scanning and quarantine; null on a node without the role mail.</param>
/// <param name="Mta">Mail transfer; null on a node without the role mail.</param>
/// <param name="Web">The management web; null on a node without the role web.</param>
/// <param name="Cluster">Its place in a cluster; without one, what it would have there.</param>
public sealed record GatewaySettings(
    SystemSettings System,
    ScannerSettings? Scanner,
    MtaSettings? Mta,
    WebSettings? Web,
    ClusterSettings Cluster
)
{
    /// <summary>The services behind mail and web in a cluster; those of a host that is in none are none.</summary>
    public BackendSettings Backend { get; init; } = BackendSettings.None;

    /// <summary>What balances mail and web.</summary>
    public BalancerSettings Balancer { get; init; } = BalancerSettings.None;

    /// <summary>The cluster's virtual addresses.</summary>
    public AddressSettings Addresses { get; init; } = AddressSettings.None;

    /// <summary>How many messages are taken in a time; none on a node without the role mail.</summary>
    public ImmutableArray<MailLimit> Limits { get; init; } = [];

    /// <summary>Where logs are collected.</summary>
    public LogSettings Logs { get; init; } = LogSettings.None;

    /// <summary>Every password among the settings, by the path of its field.</summary>
    public ImmutableSortedDictionary<string, Password> Passwords { get; init; } = ImmutableSortedDictionary<string, Password>.Empty;

    /// <summary>Whether a password is still to be asked for.</summary>
    public bool AwaitsPassword => Passwords.Values.Any(p => p.Source == PasswordSource.Prompt);
}

/// <summary>The host itself.</summary>
public sealed record SystemSettings
{
    /// <summary>Fully qualified host name.</summary>
    public required string Name { get; init; }

    /// <summary>The node's own address.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Whether the host's kernel knows IPv6.</summary>
    public bool HasIPv6 { get; init; } = true;

    /// <summary>The kind of node.</summary>
    public required Profile Profile { get; init; }

    /// <summary>Where it stands; free text.</summary>
    public required string Location { get; init; }

    /// <summary>Time zone.</summary>
    public required string TimeZone { get; init; }

    /// <summary>NTP servers, names or addresses.</summary>
    public required ImmutableArray<string> NtpServers { get; init; }

    /// <summary>Name servers.</summary>
    public required ImmutableArray<IPAddress> Resolvers { get; init; }

    /// <summary>Networks that may reach SSH.</summary>
    public required ImmutableArray<IPNetwork> AdminNetworks { get; init; }

    /// <summary>The port sshd listens on.</summary>
    public required int SshPort { get; init; }
}

/// <summary>What happens to a message that scanning found something in.</summary>
public enum MailAction
{
    /// <summary>Delivered with headers that say so.</summary>
    Tag,

    /// <summary>Kept in quarantine, not delivered.</summary>
    Quarantine,

    /// <summary>Refused while the sender is still connected.</summary>
    Reject,
}

/// <summary>How the quarantine is shared between nodes.</summary>
public enum QuarantineSharing
{
    /// <summary>Each node keeps its own.</summary>
    Off,

    /// <summary>Gatehouse synchronises it.</summary>
    BuiltIn,

    /// <summary>The directory is on a shared file system.</summary>
    FileSystem,
}

/// <summary>Scanning and quarantine.</summary>
public sealed record ScannerSettings
{
    /// <summary>Short name of the site, used in headers.</summary>
    public required string SiteName { get; init; }

    /// <summary>Name of the organisation.</summary>
    public required string Organisation { get; init; }

    /// <summary>Score from which a message is spam.</summary>
    public required decimal SpamScore { get; init; }

    /// <summary>What is done with spam.</summary>
    public required MailAction SpamAction { get; init; }

    /// <summary>Score from which a message is certainly spam.</summary>
    public required decimal HighSpamScore { get; init; }

    /// <summary>What is done with certain spam.</summary>
    public required MailAction HighSpamAction { get; init; }

    /// <summary>Whether doubtful first contacts are asked to try again.</summary>
    public required bool Greylisting { get; init; }

    /// <summary>Whether ClamAV scans.</summary>
    public required bool VirusScanner { get; init; }

    /// <summary>What is done with a virus.</summary>
    public required MailAction VirusAction { get; init; }

    /// <summary>What is done with a message that ClamAV cannot scan completely.</summary>
    public MailAction UnscannableAction { get; init; } = MailAction.Quarantine;

    /// <summary>What is done with a message whose content is encrypted.</summary>
    public MailAction EncryptedAction { get; init; } = MailAction.Tag;

    /// <summary>Messages a minute from one source network; 0 = no limit.</summary>
    public required int LimitSourceNetwork { get; init; }

    /// <summary>Messages a minute to one destination network; 0 = no limit.</summary>
    public required int LimitDestinationNetwork { get; init; }

    /// <summary>Messages a minute to one recipient domain; 0 = no limit.</summary>
    public required int LimitRecipientDomain { get; init; }

    /// <summary>Where quarantined messages lie.</summary>
    public required string QuarantineDirectory { get; init; }

    /// <summary>Days they are kept; 0 = for ever.</summary>
    public required int QuarantineDays { get; init; }

    /// <summary>How the quarantine is shared.</summary>
    public required QuarantineSharing QuarantineShared { get; init; }

    /// <summary>Where the other members reach this node's quarantine synchronisation; null when that is its own address.</summary>
    public IPAddress? ForwardedAddress { get; init; }

    /// <summary>The port that they reach it at.</summary>
    public int ForwardedPort { get; init; } = Quarantine.QuarantinePlace.SyncPort;
}

/// <summary>Where a service's certificate comes from.</summary>
/// <param name="Source">Own files, the cluster's CA, or self-signed.</param>
/// <param name="CertificatePem">For own files: the certificate chain.</param>
/// <param name="KeyPem">For own files: the private key.</param>
public sealed record CertificateChoice(CertificateSource Source, string CertificatePem, Secret KeyPem);

/// <summary>Kinds of certificates.</summary>
public enum CertificateSource
{
    /// <summary>Made by this node.</summary>
    SelfSigned,

    /// <summary>Given by the administrator.</summary>
    Own,

    /// <summary>Issued by the cluster's CA.</summary>
    Cluster,
}

/// <summary>A domain and where its mail goes.</summary>
/// <param name="Domain">The recipient domain.</param>
/// <param name="Destination">The host behind the gateway.</param>
public sealed record MailDomain(string Domain, HostPort Destination);

/// <summary>How recipients are checked before a message is taken.</summary>
public enum RecipientCheck
{
    /// <summary>Asked of the destination host.</summary>
    Callout,

    /// <summary>Looked up in a file.</summary>
    List,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>Mail transfer.</summary>
public sealed record MtaSettings
{
    /// <summary>The name in the banner, in HELO and in the certificate.</summary>
    public required string HostName { get; init; }

    /// <summary>Domains taken from outside.</summary>
    public required ImmutableArray<MailDomain> Domains { get; init; }

    /// <summary>Networks that may send anywhere.</summary>
    public required ImmutableArray<IPNetwork> RelayNetworks { get; init; }

    /// <summary>Where outgoing mail goes; null = straight to its destination.</summary>
    public required HostPort? SmartHost { get; init; }

    /// <summary>User name at the smart host; empty = no authentication.</summary>
    public required string SmartHostUser { get; init; }

    /// <summary>Password at the smart host.</summary>
    public required Password? SmartHostPassword { get; init; }

    /// <summary>Largest message in bytes.</summary>
    public required long MessageSizeLimit { get; init; }

    /// <summary>Who gets the system's own mail.</summary>
    public required string Postmaster { get; init; }

    /// <summary>The certificate.</summary>
    public required CertificateChoice Certificate { get; init; }

    /// <summary>Whether mail may travel without TLS.</summary>
    public required bool TlsRequired { get; init; }

    /// <summary>Least TLS version, <c>1.2</c> or <c>1.3</c>.</summary>
    public required string TlsMinimum { get; init; }

    /// <summary>Submission ports for the relay networks: 587, 465.</summary>
    public required ImmutableArray<int> SubmissionPorts { get; init; }

    /// <summary>Connections at a time.</summary>
    public required int Connections { get; init; }

    /// <summary>Connections at a time from one address.</summary>
    public required int ConnectionsPerHost { get; init; }

    /// <summary>DNS block lists.</summary>
    public required ImmutableArray<string> BlockLists { get; init; }

    /// <summary>How recipients are checked.</summary>
    public required RecipientCheck RecipientCheck { get; init; }

    /// <summary>The list of recipients.</summary>
    public required string RecipientList { get; init; }

    /// <summary>Own domains whose mail is signed.</summary>
    public required ImmutableArray<string> DkimDomains { get; init; }

    /// <summary>Name of the DKIM key in DNS.</summary>
    public required string DkimSelector { get; init; }

    /// <summary>A key that is carried over from elsewhere; null when this host makes its own.</summary>
    public DkimKey? DkimKey { get; init; }

    /// <summary>Who may send a PROXY header.</summary>
    public required ImmutableArray<IPAddress> LoadBalancers { get; init; }
}

/// <summary>The web interface of the administrator.</summary>
public sealed record WebSettings
{
    /// <summary>Its name.</summary>
    public required string HostName { get; init; }

    /// <summary>Login name.</summary>
    public required string Administrator { get; init; }

    /// <summary>Login password.</summary>
    public required Password Password { get; init; }

    /// <summary>The certificate.</summary>
    public required CertificateChoice Certificate { get; init; }

    /// <summary>Networks that may reach it.</summary>
    public required ImmutableArray<IPNetwork> Networks { get; init; }

    /// <summary>Who may send a PROXY header.</summary>
    public required ImmutableArray<IPAddress> LoadBalancers { get; init; }
}

/// <summary>Membership.</summary>
public sealed record ClusterSettings
{
    /// <summary>Name of the cluster.</summary>
    public required string Name { get; init; }

    /// <summary>Number of this node, unique in the cluster.</summary>
    public required int Id { get; init; }

    /// <summary>The other members.</summary>
    public required ImmutableArray<Peer> Peers { get; init; }

    /// <summary>Which approval changes to the cluster's settings need.</summary>
    public ApprovalMode Approval { get; init; }
}

/// <summary>Another member.</summary>
/// <param name="Name">Its host name.</param>
/// <param name="Address">Its address.</param>
/// <param name="Port">The port its quarantine synchronisation is reached at.</param>
/// <param name="Profile">What kind of node it is.</param>
/// <param name="Former">The address that it had until lately; null when it did not move.</param>
/// <param name="Id">Its number in the cluster; 0 when it is not known.</param>
public sealed record Peer(string Name, IPAddress Address, int Port, Profile Profile, IPAddress? Former = null, int Id = 0)
{
    /// <summary>The address its quarantine synchronisation is reached at; null when that is its own.</summary>
    public IPAddress? Forwarded { get; init; }

    /// <summary>SHA-256 of its certificates that are good now, in hexadecimal, the newest first.</summary>
    public ImmutableArray<string> Certificates { get; init; } = [];
}
