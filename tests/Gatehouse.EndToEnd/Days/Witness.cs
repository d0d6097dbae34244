using System.Globalization;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>What a member to which nothing happens saw of the registry, second by second.</summary>
/// <param name="host">That member.</param>
/// <param name="nodes">The hosts that hold the registry.</param>
/// <param name="address">The address of a host.</param>
public sealed class Witness(string host, string[] nodes, Func<string, string> address)
{
    private const string Folder = "/root/witness";

    /// <summary>Makes the tables and begins to look.</summary>
    /// <param name="primary">The node that takes writes now.</param>
    public void Begin(string primary)
    {
        Lab.Exec(
                primary,
                "psql",
                "-U",
                "postgres",
                "-d",
                "gatehouse",
                "-qc",
                "CREATE TABLE public.probe (n int PRIMARY KEY); CREATE TABLE public.direct (second int, address text); GRANT USAGE ON "
                    + "SCHEMA public TO gatehouse_node; GRANT INSERT, SELECT ON public.probe, public.direct TO gatehouse_node"
            )
            .Expect(0);
        Lab.Push(host, Lab.File("Hosts", "witness.sh"), "/root/witness.sh");
        Lab.Shell(
                host,
                $"mkdir -p {Folder} && cd {Folder} && : >acked && : >wrote && : >gaps && systemd-run --quiet --unit=witness sh "
                    + $"/root/witness.sh {Beginning.Name(host)} {string.Join(' ', nodes.Select(address))}"
            )
            .Expect(0);
    }

    /// <summary>How many seconds there were no acknowledged writes, of all so far.</summary>
    public int Gaps => Lines("gaps").Length;

    /// <summary>Whether the last second's write was acknowledged.</summary>
    public bool IsWritable()
    {
        var before = Lines("acked").Length;
        Thread.Sleep(2500);
        return Lines("acked").Length > before;
    }

    /// <summary>No second has two nodes that took a write.</summary>
    public void OneTakesWrites() =>
        Assert.Empty(
            Lines("wrote")
                .Select(l => l.Split(' '))
                .GroupBy(w => w[0])
                .Where(g => g.Select(w => w[1]).Distinct().Count() > 1)
                .Select(g => $"second {g.Key}: {string.Join(", ", g.Select(w => w[1]))}")
        );

    /// <summary>Each node has every acknowledged write. One that was not acknowledged may be there: its answer was lost.</summary>
    public void NothingIsLost()
    {
        var acked = Lines("acked").Select(l => int.Parse(l, CultureInfo.InvariantCulture)).ToArray();
        foreach (var node in nodes)
        {
            int[] missing = [];
            Lab.Until(
                $"{node} has every acknowledged write",
                TimeSpan.FromMinutes(1),
                () => (missing = [.. acked.Except(Rows(node))]).Length == 0
            );
            Assert.Empty(missing);
        }
    }

    private string[] Lines(string file) =>
        Lab.Exec(host, "cat", $"{Folder}/{file}").Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static int[] Rows(string node) =>
        [
            .. Lab.Exec(node, "psql", "-U", "postgres", "-d", "gatehouse", "-Atc", "SELECT n FROM public.probe")
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => int.TryParse(l, CultureInfo.InvariantCulture, out var n) ? n : 0),
        ];
}
