using System.Text.RegularExpressions;
using static Gatehouse.EndToEnd.LifeHosts;

namespace Gatehouse.EndToEnd;

/// <summary>A node is removed, tries everything it has, and joins again under its name; another one leaves by itself, and comes back
/// too.</summary>
public sealed class LifeLeaving
{
    /// <summary>What an agent begins with when it answers a member.</summary>
    public const string Answered = "HTTP/1.1 200 ";

    private const string Stolen = "/root/stolen";
    private static readonly string[] Others = [First, Second, Third, Fifth];

    public LifeLeaving()
    {
        CopyIdentity();
        Before = [.. Others.Select(Ask).Append(Login())];
        Removed = Run(Second, "node", "remove", Name(Fourth), "--yes").Expect(0);
        LoginAtOnce = Login();
        Roles = Lab.Shell(First, "su postgres -c \"psql -Atc 'SELECT rolname FROM pg_roles'\"").Expect(0).Output;
        Lab.Until("the others have forgotten its address", Soon, () => Array.TrueForAll(Others, IsForgotten));
        Lab.Until("the firewall of the database is closed to it", Soon, () => !ReachesDatabase());
        Lab.Until("no service takes its certificate", Soon, () => Login().Contains("certificate revoked", StringComparison.Ordinal));
        ShapeWithout = Agree("after a node was removed", Others);
        After = [.. Others.Select(Ask)];
        Lab.Until("it knows", Soon, () => (Told = Run(Fourth, "sync")).ExitCode == 3);

        Ended = Run(Fourth, "leave", "--yes").Expect(0);
        var code = Invite(Second, Fourth, "web");
        WithoutConsent = Join(Fourth, First, code);
        Again = Join(Fourth, First, code, "--yes").Expect(0);
        ShapeAgain = Agree("after it came back", All);

        Left = Run(Fifth, "leave", "--yes").Expect(0);
        AfterLeaving = Lab.Shell(
            Fifth,
            "systemctl is-active chrony gatehouse-firewall gatehouse-agent gatehouse-follow.path; ls /etc/gatehouse/pki/node.* "
                + "/etc/gatehouse/pki/cluster* /etc/gatehouse/cluster.json"
        ).Output;
        AgentsLastWords = Lab.Shell(Fifth, "journalctl -u gatehouse-agent -n 25 --no-pager -o cat").Output;
        ShapeLeft = Agree("after one has left", First, Second, Third, Fourth);
    }

    /// <summary>What the agents of the others, and last the database, say to the node before it is removed.</summary>
    public string[] Before { get; }

    public Result Removed { get; }

    /// <summary>What the database says as soon as the command has come to its end.</summary>
    public string LoginAtOnce { get; }

    /// <summary>What the agents say when all of them have heard of it.</summary>
    public string[] After { get; }

    /// <summary>What the agent of the node that left has told in the end.</summary>
    public string AgentsLastWords { get; }

    /// <summary>The roles of the database after it.</summary>
    public string Roles { get; }

    public string ShapeWithout { get; }

    /// <summary>What the removed node says of itself.</summary>
    public Result Told { get; private set; } = null!;

    public Result Ended { get; }

    /// <summary>Its join, while its old gateway stands there.</summary>
    public Result WithoutConsent { get; }

    public Result Again { get; }

    public string ShapeAgain { get; }

    public Result Left { get; }

    /// <summary>Units and files of the node that left.</summary>
    public string AfterLeaving { get; }

    public string ShapeLeft { get; }

    /// <summary>The number that a node has in what the members agree on.</summary>
    public static int NumberIn(string shape, string host) =>
        int.Parse(
            Regex.Match(shape, $@" {Regex.Escape(Name(host))}\((\d+)\)").Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture
        );

    // What somebody has who copied the node's key, on a host that the firewall lets through.
    private static void CopyIdentity()
    {
        foreach (var file in new[] { "node.crt", "node.key", "cluster-ca.pem" })
            Lab.Write(Second, $"{Stolen}/{file}", Lab.Exec(Fourth, "cat", $"/etc/gatehouse/pki/{file}").Expect(0).Output, "0600");
    }

    private static string Ask(string member) =>
        Lab.Shell(
            Fourth,
            $"printf 'GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' | timeout 10 openssl s_client -quiet "
                + $"-tls1_3 -ign_eof -connect {Address(member)}:1028 -cert /etc/gatehouse/pki/node.crt -cert_chain "
                + $"/etc/gatehouse/pki/node.crt -key /etc/gatehouse/pki/node.key 2>&1"
        ).Output;

    private static string Login() =>
        Lab.Shell(
            Second,
            $"PGCONNECT_TIMEOUT=10 psql 'host={Address(First)} dbname=gatehouse user={Name(Fourth)} sslmode=verify-full "
                + $"sslcert={Stolen}/node.crt sslkey={Stolen}/node.key sslrootcert={Stolen}/cluster-ca.pem' -Atc \"SELECT 'let in'\""
        ).All;

    private static bool ReachesDatabase() => Lab.Shell(Fourth, $"timeout 3 bash -c '</dev/tcp/{Address(First)}/5432'").ExitCode == 0;

    private static bool IsForgotten(string host) => Lab.Shell(host, $"grep -F {Address(Fourth)} /etc/gatehouse/answers.yaml").ExitCode == 1;
}
