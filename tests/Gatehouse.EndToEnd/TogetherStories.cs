using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Several administrators at the same time: two members change settings, one joins while another leaves and a third becomes the issuer,
/// a node is removed while it joins, one member goes back while others follow, and settings are changed many times in a row. Each ends
/// with members that agree, or with words that say what to do, after which they do.
/// </summary>
/// <remarks>How often is in the variable GATEHOUSE_TRIALS; without it, 20 times, and 40 changes in a row.</remarks>
[Trait("Lane", "slow")]
public sealed class TogetherStories(ITestOutputHelper output) : IDisposable
{
    private const string First = "e2e-z1";
    private const string Second = "e2e-z2";
    private const string Third = "e2e-z3";
    private const string Fourth = "e2e-z4";
    private const int KeptGenerations = 30;
    private static readonly string[] All = [First, Second, Third, Fourth];
    private static readonly int Times = int.TryParse(
        Environment.GetEnvironmentVariable("GATEHOUSE_TRIALS"),
        CultureInfo.InvariantCulture,
        out var trials
    )
        ? trials
        : 20;
    private static readonly string[] Zones =
    [
        "Europe/Berlin",
        "Europe/Paris",
        "Europe/Oslo",
        "Europe/Rome",
        "Europe/Madrid",
        "Europe/Vienna",
    ];

    public void Dispose() => Lab.Down(All);

    [Fact]
    public void What_is_done_at_the_same_time_is_done_one_after_the_other_or_refused_with_words()
    {
        Lab.Up("bare", [.. All.Select(h => $"{h}={Address(h)}")]);
        Beginning.Install(All);
        Beginning.Bootstrap(First, Beginning.Answers("life.yaml", First, Address(First)));
        Beginning.Join(Second, Address(Second), "database", First, Address(First));
        Beginning.Join(Third, Address(Third), "web", First, Address(First));
        Lab.Write(Second, "/root/keys", Lab.Exec(First, "cat", "/root/keys").Expect(0).Output, "0600");
        LifeHosts.Agree("the cluster", First, Second, Third);

        foreach (var round in Enumerable.Range(0, Times))
            TwoChange(round);
        JoinLeavePromote();
        RemovedWhileJoining();
        BackWhileOthersFollow();
        ManyInARow();
    }

    // One of them is tried first. The other is told of it, or comes after it.
    private void TwoChange(int round)
    {
        var (one, other) = (Zones[round % Zones.Length], Zones[(round + 1) % Zones.Length]);
        var results = AtOnce(() => Beginning.ChangeZone(First, one), () => Beginning.ChangeZone(Third, other));
        Assert.Contains(results, r => r.ExitCode == 0);
        foreach (var refused in results.Where(r => r.ExitCode != 0))
            Assert.Matches("the settings were changed meanwhile|is still on its way to all nodes", refused.Error);
        LifeHosts.Agree($"round {round}", First, Second, Third);
        var zone = Assert.Single(ZonesOf(First, Second, Third));
        Assert.Equal(
            zone,
            results[0].ExitCode == 0 && results[1].ExitCode == 0 ? zone
                : results[0].ExitCode == 0 ? one
                : other
        );
        output.WriteLine($"round {round}: {string.Join(" and ", results.Select(r => r.ExitCode))}, {zone}");
    }

    private void JoinLeavePromote()
    {
        var code = Beginning.Invite(First, Beginning.Name(Fourth), "web");
        var results = AtOnce(
            () => Join(First),
            () => Lab.Exec(Third, "gatehouse", "leave", "--yes"),
            () => Lab.Exec(Second, "gatehouse", "promote", "--token-file", "/root/keys", "--force", "--yes")
        );
        output.WriteLine(
            $"join, leave, promote: {string.Join(", ", results.Select(r => r.ExitCode))}\n{string.Join('\n', results.Select(r => r.Error))}"
        );
        // What came in between is done by running it again, as the words say; the issuer is another one now.
        if (results[2].ExitCode != 0)
            Lab.Exec(Second, "gatehouse", "promote", "--token-file", "/root/keys", "--force", "--yes").Expect(0);
        if (results[1].ExitCode != 0)
            Lab.Exec(Third, "gatehouse", "leave", "--yes").Expect(0);
        if (results[0].ExitCode != 0)
            Join(Second).Expect(0);
        var shape = LifeHosts.Agree("a join, a departure and a promotion", First, Second, Fourth);
        Assert.Contains(" database* ", shape[shape.IndexOf("z2.lab.example", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("z3.lab.example", shape, StringComparison.Ordinal);

        Result Join(string member) =>
            Lab.Exec(Fourth, ["gatehouse", "join", Address(member), "--address", Address(Fourth), "--yes"], code + "\n");
    }

    private void RemovedWhileJoining()
    {
        var code = Beginning.Invite(First, Beginning.Name(Third), "web", "--replace");
        using var joining = Lab.Start(
            Third,
            "sh",
            "-c",
            $"echo {code} | gatehouse join {Address(Second)} --address {Address(Third)} --yes >/root/join.log 2>&1; echo $? >/root/join.rc"
        );
        Lab.Until(
            "it is on its way in",
            TimeSpan.FromMinutes(3),
            () => Lab.Exec(First, "gatehouse", "node", "list").Output.Contains("z3.lab.example", StringComparison.Ordinal)
        );
        Lab.Exec(First, "gatehouse", "node", "remove", "z3.lab.example", "--yes").Expect(0);
        Lab.Until("its join has ended", TimeSpan.FromMinutes(5), () => Lab.Exec(Third, "test", "-e", "/root/join.rc").ExitCode == 0);
        var said = Lab.Shell(Third, "cat /root/join.rc /root/join.log").Output;
        output.WriteLine($"removed while it joined: {said}");
        Assert.DoesNotContain("z3.lab.example", LifeHosts.Agree("a removal", First, Second, Fourth), StringComparison.Ordinal);
        Lab.Shell(Third, "gatehouse leave --yes || true");
        Beginning.Join(Third, Address(Third), "web", Second, Address(Second));
        LifeHosts.Agree("it came back", All);
    }

    private void BackWhileOthersFollow()
    {
        Beginning.ChangeZone(First, "Europe/Madrid").Expect(0);
        var results = AtOnce(() => Beginning.ChangeZone(First, "Europe/Vienna"), () => Lab.Exec(Second, "gatehouse", "rollback", "--yes"));
        Assert.Contains(results, r => r.ExitCode == 0);
        foreach (var refused in results.Where(r => r.ExitCode != 0))
            Assert.Matches(
                "the settings were changed meanwhile|is still on its way to all nodes|another gatehouse process is applying",
                refused.Error
            );
        LifeHosts.Agree("one went back while the others followed", All);
        output.WriteLine($"change and rollback: {string.Join(" and ", results.Select(r => r.ExitCode))}, {Assert.Single(ZonesOf(All))}");
    }

    private void ManyInARow()
    {
        var sizes = new List<long>();
        foreach (var change in Enumerable.Range(0, 2 * Times))
        {
            Beginning.ChangeZone(First, Zones[change % Zones.Length]).Expect(0);
            sizes.Add(
                long.Parse(
                    Lab.Shell(First, "du -sk /var/lib/gatehouse/generations /var/lib/gatehouse/objects | awk '{ s += $1 } END { print s }'")
                        .Expect(0)
                        .Output.Trim(),
                    CultureInfo.InvariantCulture
                )
            );
        }

        LifeHosts.Agree("many changes", All);
        foreach (var host in All)
            Assert.InRange(
                int.Parse(
                    Lab.Shell(host, "ls /var/lib/gatehouse/generations/*.json | wc -l").Expect(0).Output.Trim(),
                    CultureInfo.InvariantCulture
                ),
                2,
                KeptGenerations + 2
            );
        output.WriteLine($"generations and objects of the first node, KB: {string.Join(' ', sizes)}");
    }

    private static string[] ZonesOf(params string[] hosts) =>
        [.. hosts.Select(h => Lab.Exec(h, "cat", "/etc/timezone").Expect(0).Output.Trim()).Distinct()];

    private static Result[] AtOnce(params Func<Result>[] works) =>
        [.. Task.WhenAll(works.Select(w => Task.Run(w))).GetAwaiter().GetResult()];

    private static string Address(string host) => $"10.77.0.{215 + host[^1] - '0'}";
}
