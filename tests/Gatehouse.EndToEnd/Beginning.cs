using System.Text.RegularExpressions;

namespace Gatehouse.EndToEnd;

/// <summary>How most stories begin: hosts get the package, the first of them begins a cluster, the others join it with a code
/// each.</summary>
public static partial class Beginning
{
    /// <summary>What a host of the lab, e2e-NAME, is called in its cluster.</summary>
    public static string Name(string host) => $"{host["e2e-".Length..]}.lab.example";

    /// <summary>Installs the package, on all hosts at the same time; they get their names, and a file with a password for the management
    /// web.</summary>
    public static void Install(params string[] hosts)
    {
        var package = Gateway.Package();
        Parallel.ForEach(
            hosts,
            host =>
            {
                Lab.Push(host, package, "/root/gatehouse.deb");
                Lab.Exec(host, "apt-get", "install", "-y", "/root/gatehouse.deb").Expect(0);
                Lab.Write(host, "/root/web-password", $"Canary-of-{host}", "0600");
                Lab.Shell(host, $"hostname {Name(host)} && hostname >/etc/hostname").Expect(0);
            }
        );
    }

    /// <summary>The answers of a file in <c>Answers</c>, with the name and the address of this host.</summary>
    public static string Answers(string file, string host, string address) =>
        OwnAddress()
            .Replace(
                OwnName().Replace(File.ReadAllText(Lab.File("Answers", file)), $"  name: {Name(host)}", 1),
                $"  address: {address}",
                1
            );

    /// <summary>Begins a cluster.</summary>
    public static void Bootstrap(string host, string answers)
    {
        Lab.Write(host, "/root/answers.yaml", answers, "0600");
        Lab.Exec(host, "gatehouse", "bootstrap", "/root/answers.yaml", "--name", "lab", "--keys-file", "/root/keys").Expect(0);
    }

    /// <summary>Makes a code on a member.</summary>
    public static string Invite(string member, string name, string profile, params string[] options) =>
        CodeInJson()
            .Match(Lab.Exec(member, ["gatehouse", "--json", "invite", name, "--profile", profile, .. options]).Expect(0).Output)
            .Groups[1]
            .Value;

    /// <summary>Joins a cluster with a code from a member, which is typed, so that no process list shows it.</summary>
    public static void Join(string host, string address, string profile, string member, string memberAddress, params string[] options) =>
        Lab.Exec(
                host,
                ["gatehouse", "join", memberAddress, "--address", address, "--yes", .. options],
                Invite(member, Name(host), profile) + "\n"
            )
            .Expect(0);

    /// <summary>Changes the time zone, which is a setting of the whole cluster, on one member. Only errors are narrated.</summary>
    public static Result ChangeZone(string member, string zone)
    {
        Lab.Shell(
                member,
                $"sed '/^  time_zone:/d; s|^system:$|system:\\n  time_zone: {zone}|' /etc/gatehouse/answers.yaml >/root/zone.yaml"
            )
            .Expect(0);
        return Lab.Exec(member, "gatehouse", "--log-level", "error", "apply", "/root/zone.yaml", "--yes");
    }

    /// <summary>Makes a host of the lab the mail host behind a cluster: a real Exim, which files what it takes in
    /// <c>/var/mail/sink</c>.</summary>
    /// <param name="host">The host.</param>
    /// <param name="address">The only address to listen on; null for all.</param>
    public static void MailHost(string host, string? address = null)
    {
        var listen = address is null ? "" : $" -e '1i local_interfaces = {address}'";
        Lab.Push(host, Lab.File("Hosts", "sink.conf"), "/etc/exim4/exim4.conf");
        Lab.Shell(
                host,
                $"sed -i -e '/^tls_/d'{listen} /etc/exim4/exim4.conf && chown root:Debian-exim /etc/exim4/exim4.conf && chmod 640 "
                    + $"/etc/exim4/exim4.conf && touch /var/mail/sink && chown mail:mail /var/mail/sink && systemctl start exim4"
            )
            .Expect(0);
    }

    [GeneratedRegex("^  name: .*$", RegexOptions.Multiline)]
    private static partial Regex OwnName();

    [GeneratedRegex("^  address: .*$", RegexOptions.Multiline)]
    private static partial Regex OwnAddress();

    [GeneratedRegex("\"code\": \"([^\"]+)\"")]
    private static partial Regex CodeInJson();
}
