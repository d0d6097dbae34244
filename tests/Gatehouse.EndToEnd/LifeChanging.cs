using static Gatehouse.EndToEnd.LifeHosts;

namespace Gatehouse.EndToEnd;

/// <summary>Settings are changed on members that are not the issuer: with all there, with one that cannot take them, with one
/// away.</summary>
public sealed class LifeChanging
{
    private static readonly string[] WithoutFifth = [First, Second, Third, Fourth];

    public LifeChanging()
    {
        Changed = Beginning.ChangeZone(Third, "Europe/Paris").Expect(0);
        AfterChange = Zones(All);
        Orders = [.. new[] { "verify", "reload", "flush-queue" }.Select(o => Run(Fourth, "--json", "cluster", "run", o))];

        Lab.Crash(Fifth);
        Break(Fourth);
        FailedHere = Beginning.ChangeZone(Fourth, "Europe/Rome");
        AfterFailedHere = Zones(WithoutFifth);
        FailedThere = Beginning.ChangeZone(Third, "Europe/Rome");
        Lab.Until("all are back at the version before", Soon, () => Zones(WithoutFifth) is ["Europe/Paris"]);
        AfterFailedThere = Zones(WithoutFifth);
        Mend(Fourth);

        WithOneAway = Beginning.ChangeZone(Second, "Europe/Oslo").Expect(0);
        AfterOneAway = Zones(WithoutFifth);
        Lab.Boot(Fifth);
        Lab.Until("who was away has caught up", Soon, () => Zones(Fifth) is ["Europe/Oslo"]);
        Shape = Agree("after the settings were changed", All);
    }

    /// <summary>A change on one member.</summary>
    public Result Changed { get; }

    /// <summary>The time zones that the hosts have after it.</summary>
    public string[] AfterChange { get; }

    /// <summary>Orders to all: verify, reload, flush-queue.</summary>
    public Result[] Orders { get; }

    /// <summary>A change on the member that cannot take it.</summary>
    public Result FailedHere { get; }

    public string[] AfterFailedHere { get; }

    /// <summary>A change on one that can, while another cannot.</summary>
    public Result FailedThere { get; }

    public string[] AfterFailedThere { get; }

    /// <summary>A change while one is away.</summary>
    public Result WithOneAway { get; }

    /// <summary>The time zones of the others after it.</summary>
    public string[] AfterOneAway { get; }

    /// <summary>What all members agree on in the end.</summary>
    public string Shape { get; }

    private static string[] Zones(params string[] hosts) =>
        [.. hosts.Select(h => Lab.Exec(h, "cat", "/etc/timezone").Expect(0).Output.Trim()).Distinct()];

    // The site's own template passes the check, and the daemon does not start with it.
    private static void Break(string host) =>
        Lab.Shell(
                host,
                """
                mkdir -p /etc/gatehouse/templates/chrony
                { grep -v ^pidfile /usr/share/gatehouse/templates/chrony/chrony.conf.hbs; echo 'pidfile /proc/none/chronyd.pid'; } \
                  >/etc/gatehouse/templates/chrony/chrony.conf.hbs
                """
            )
            .Expect(0);

    private static void Mend(string host)
    {
        Lab.Exec(host, "rm", "-r", "/etc/gatehouse/templates").Expect(0);
        Lab.Until("the mended node follows", Soon, () => Run(host, "sync").ExitCode == 0);
    }
}
