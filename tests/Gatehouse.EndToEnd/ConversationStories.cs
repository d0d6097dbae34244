using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Random conversations of a stranger, a relay network and a balancer with a gateway. Afterwards nothing was relayed for strangers, nothing
/// was delivered unscanned, and nothing that was accepted bounced or got lost. Each can be had again by its seed, role and number.
/// </summary>
[Collection(NewcomerStories.Name)]
[Trait("Lane", "slow")]
public sealed class ConversationStories
{
    private static readonly string[] Own = ["example.org", "tenant.example", "xn--bcher-kva.example", "n1.lab.example", "localhost"];

    [Fact]
    public void Random_conversations_relay_nothing_lose_nothing_and_deliver_nothing_unscanned() => Talk(1, 80);

    [Fact]
    public void Two_thousand_of_them() => Talk(2, 667);

    private static void Talk(int seed, int each)
    {
        Newcomer.Apply(Example.For("conversations.yaml"));
        Lab.Shell(Newcomer.Sink, ": >/var/mail/sink").Expect(0);
        var before = Log().Length;
        (string Role, string Source)[] roles =
        [
            ("stranger", Newcomer.Stranger),
            ("relay", Newcomer.Relay),
            ("balancer", Newcomer.Balancer),
        ];
        // As many at a time as take less than five minutes.
        var conversations = roles
            .SelectMany(role =>
                Enumerable.Range(0, (each + 99) / 100).Select(part => (role, First: part * 100, Count: Math.Min(100, each - (part * 100))))
            )
            .AsParallel()
            .WithDegreeOfParallelism(3)
            .SelectMany(p =>
                ConversationJudge.Read(
                    Lab.Exec(
                            Newcomer.Client,
                            "python3",
                            "/root/conversations.py",
                            Newcomer.Address,
                            p.role.Source,
                            p.role.Role,
                            Text(seed),
                            Text(p.First),
                            Text(p.Count),
                            Newcomer.Relay
                        )
                        .Expect(0)
                        .Output
                )
            )
            .ToArray();
        Assert.Equal(each * roles.Length, conversations.Length);
        Assert.InRange(conversations.Sum(c => c.Taken.Length), conversations.Length / 4, conversations.Length * 3);

        // What is left in the queue after a while has a reason for it in the log, or is a fault.
        ConversationJudge Judge() => new([.. Log().Skip(before)], Own, [Newcomer.Relay, "127.0.0.1", "::1"]);
        var began = Stopwatch.GetTimestamp();
        while (!Judge().IsSettled(conversations) && Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(2))
            Thread.Sleep(1000);
        var faults = Judge().Faults(conversations, Newcomer.Delivered(), "X-EXAMPLE-Scanned").ToArray();
        Assert.True(faults.Length == 0, $"{faults.Length} faults with seed {seed}:\n{string.Join('\n', faults.Take(40))}");
        Assert.Equal("", Lab.Shell(Newcomer.Name, "cat /var/log/exim4/paniclog 2>/dev/null || true").Output);
    }

    private static string[] Log() => Lab.Exec(Newcomer.Name, "cat", "/var/log/exim4/mainlog").Expect(0).Output.Split('\n');

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
