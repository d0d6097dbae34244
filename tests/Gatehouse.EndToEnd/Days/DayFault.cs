using System.Globalization;

namespace Gatehouse.EndToEnd;

/// <summary>Something that goes wrong with one host, or with all of them, for a while.</summary>
/// <param name="Name">What it is called in the table and in results.</param>
/// <param name="Seconds">How long it lasts.</param>
/// <param name="Begin">Does it.</param>
/// <param name="End">Undoes it; what is to be done after it is the cluster's own affair.</param>
/// <param name="Before">Makes a host ready for it, long before; null when nothing is to be done.</param>
/// <param name="After">Makes a host what it was, once all is well; null when nothing is to be done.</param>
public sealed record DayFault(
    string Name,
    int Seconds,
    Action<string[]> Begin,
    Action<string[]> End,
    Action<string>? Before = null,
    Action<string>? After = null
)
{
    private const string Clock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    private const string Pki = "/etc/gatehouse/pki";
    private const string Etcd =
        "ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 "
        + $"--cacert={Pki}/cluster-ca.pem --cert={Pki}/node.crt --key={Pki}/node.key";

    // Without the last, waits with a deadline end at once in a .NET process, which then takes all of the processor.
    private const string WrongClock =
        "LD_PRELOAD=/usr/local/lib/wrong-clock.so FAKETIME_TIMESTAMP_FILE=/etc/wrong-clock "
        + "FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0";

    private const string Clocked = "patroni gatehouse-agent gatehouse-follow";

    // The processes of a unit; of PostgreSQL those that Patroni started.
    private static readonly (string What, string Find)[] Processes =
    [
        ("Patroni", "systemctl show -P MainPID patroni"),
        ("PostgreSQL", "pgrep -u postgres -f 'postgres'"),
        ("etcd", "systemctl show -P MainPID etcd"),
        ("the agent", "systemctl show -P MainPID gatehouse-agent"),
    ];

    /// <summary>The faults of one host.</summary>
    public static IReadOnlyList<DayFault> OfOne { get; } =
    [
        .. Processes.Select(p => new DayFault(
            $"{p.What} stopped for 45 s",
            45,
            hosts => Signal(hosts, p.Find, "STOP"),
            hosts => Signal(hosts, p.Find, "CONT")
        )),
        new("host frozen for 45 s", 45, hosts => Each(hosts, h => Lab.Freeze(h, "on")), hosts => Each(hosts, h => Lab.Freeze(h, "off"))),
        .. new[] { 20, 60, 180 }.Select(s => new DayFault(
            string.Create(CultureInfo.InvariantCulture, $"cable pulled for {s} s"),
            s,
            hosts => Each(hosts, h => Lab.Link(h, "down")),
            hosts => Each(hosts, h => Lab.Link(h, "up"))
        )),
        Power("power lost for 20 s", 20),
    ];

    /// <summary>Full disks: what a service writes to is on a small file system of its own, which something else fills.</summary>
    public static IReadOnlyList<DayFault> OfDisks { get; } =
    [
        Full("no room for mail for 45 s", "exim4.service", "/var/spool/exim4", 16),
        Full("no room for the registry's log for 45 s", "patroni.service", "/var/lib/postgresql", 64),
        Full("no room for etcd for 45 s", "etcd.service", "/var/lib/etcd", 8),
    ];

    /// <summary>
    /// Clocks that are wrong. The hosts of the lab have the machine's one clock, so what tells the time to the database, to Patroni, to the
    /// agent and to what it starts is put before the C library there. etcd asks the kernel, and goes by the machine's clock.
    /// </summary>
    public static IReadOnlyList<DayFault> OfClocks { get; } =
    [Wrong("clock 10 minutes ahead for 60 s", "+600"), Wrong("clock 10 minutes behind for 60 s", "-600")];

    /// <summary>What another member says of such a host meanwhile, after the beginning of its line; empty when nothing is to be
    /// said.</summary>
    public string Shows { get; private init; } = Seconds >= 60 ? @"\(\d+\) +\S+ +\S+-E " : "";

    /// <summary>Something that writes to etcd until it takes no more; nobody takes that back.</summary>
    public static DayFault EtcdSpace { get; } = new("etcd's space exceeded", 15, hosts => Each(hosts, FillEtcd), _ => { });

    /// <summary>The faults of two hosts of three, and of all three; they come back in the order given.</summary>
    public static DayFault PowerOfSeveral { get; } = Power("power of several lost for 20 s", 20);

    private static DayFault Power(string name, int seconds) =>
        new(
            name,
            seconds,
            hosts =>
                Each(
                    hosts,
                    h =>
                    {
                        // The cable goes first: a host without power says no goodbye.
                        Lab.Link(h, "down");
                        Lab.Crash(h);
                    }
                ),
            // One comes after the other, and none waits until the one before is up: alone it may not be.
            hosts =>
                Task.WhenAll(
                        hosts.Select(
                            (host, i) => Task.Delay(TimeSpan.FromSeconds(5 * i)).ContinueWith(_ => Lab.Boot(host), TaskScheduler.Default)
                        )
                    )
                    .GetAwaiter()
                    .GetResult()
        );

    private static DayFault Full(string name, string unit, string folder, int megabytes) =>
        new(
            name,
            45,
            hosts =>
                Each(hosts, h => Lab.Shell(h, $"dd if=/dev/zero of={folder}/filler bs=64k 2>/dev/null; test -s {folder}/filler").Expect(0)),
            hosts => Each(hosts, h => Lab.Exec(h, "rm", "-f", $"{folder}/filler").Expect(0)),
            // With so much room above what is there.
            host =>
                Lab.Shell(
                        host,
                        $"systemctl stop {unit} && cp -a {folder} /root/kept && mount -t tmpfs -o size=$(( $(du -sk {folder} | cut -f1) + "
                            + $"{megabytes * 1024} ))k full {folder} && cp -a /root/kept/. {folder}/ && systemctl start {unit}"
                    )
                    .Expect(0),
            // A run of the queue that was begun by hand may still be at it.
            host =>
                Lab.Shell(
                        host,
                        $"systemctl stop {unit} && rm -rf /root/kept && cp -a {folder} /root/kept && i=0; until umount {folder}; do "
                            + $"i=$((i+1)); [ $i -lt 120 ] || exit 1; sleep 0.5; done; rm -rf {folder} && mv /root/kept {folder} && "
                            + $"systemctl start {unit}"
                    )
                    .Expect(0)
        );

    private static DayFault Wrong(string name, string seconds) =>
        new(
            name,
            60,
            hosts => Each(hosts, h => Lab.Write(h, "/etc/wrong-clock", seconds + "\n", "0644")),
            hosts => Each(hosts, h => Lab.Write(h, "/etc/wrong-clock", "+0\n", "0644")),
            host =>
            {
                Lab.Push(host, Clock, "/usr/local/lib/wrong-clock.so");
                Lab.Write(host, "/etc/wrong-clock", "+0\n", "0644");
                Lab.Shell(
                        host,
                        $"""
                        for unit in {Clocked}; do
                          mkdir -p /etc/systemd/system/$unit.service.d
                          printf '[Service]\nEnvironment={WrongClock}\n' >/etc/systemd/system/$unit.service.d/wrong-clock.conf
                        done
                        systemctl daemon-reload && systemctl restart patroni gatehouse-agent
                        """
                    )
                    .Expect(0);
            },
            host =>
                Lab.Shell(
                        host,
                        $"for unit in {Clocked}; do rm -r /etc/systemd/system/$unit.service.d; done; systemctl daemon-reload && systemctl "
                            + $"restart patroni gatehouse-agent"
                    )
                    .Expect(0)
        )
        {
            Shows = @": its clock is [+-](59|60)\d s off$",
        };

    /// <summary>Whether the etcd of a host takes a write.</summary>
    public static bool EtcdTakesWrites(string host) => Lab.Shell(host, $"{Etcd} put /probe there").ExitCode == 0;

    private static void FillEtcd(string host)
    {
        Lab.Shell(
                host,
                $"head -c 750000 /dev/urandom | base64 -w0 >/root/megabyte; for i in $(seq 600); do {Etcd} put /filler </root/megabyte "
                    + $">/dev/null 2>/root/said || break; done; grep -q 'database space exceeded' /root/said"
            )
            .Expect(0);
    }

    private static void Signal(string[] hosts, string find, string signal) =>
        Each(hosts, h => Lab.Shell(h, $"kill -{signal} $({find})").Expect(0));

    private static void Each(string[] hosts, Action<string> work)
    {
        foreach (var host in hosts)
            work(host);
    }
}
