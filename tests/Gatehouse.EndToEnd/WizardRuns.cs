namespace Gatehouse.EndToEnd;

/// <summary>What a set-up by the wizard left, to be compared and moved to another host.</summary>
/// <param name="Answers">The answers it saved.</param>
/// <param name="Material">The material of its host, packed.</param>
/// <param name="Managed">The files of its host.</param>
public sealed record Outcome(string Answers, string Material, string[] Managed);

/// <summary>Hosts that are set up by the wizard, two at a time: most of what an apply takes is waiting for daemons to start.</summary>
public sealed class WizardRuns : IDisposable
{
    /// <summary>The address in everybody's answers. It belongs to none of the hosts: they differ in it, and their files must not.</summary>
    public const string Address = "10.77.0.160";

    private const string Saved = "/root/saved.yaml";
    private readonly SemaphoreSlim room = new(2);
    private readonly Tree tree = new();
    private readonly Dictionary<string, Task<Outcome>> runs = [];
    private readonly Lazy<WizardHost> other;

    public WizardRuns()
    {
        var number = 161;
        foreach (var term in Tmux.Terms)
        {
            var (name, address) = ($"e2e-{term}", $"10.77.0.{number++}");
            runs[term] = Begin(() => OnFullScreen(name, address, term));
        }

        runs["plain"] = Begin(() => Plainly("e2e-plain", $"10.77.0.{number}"));
        other = new(() => new WizardHost("e2e-other", "10.77.0.168"));
    }

    /// <summary>The outcome on a terminal, or of the plain mode.</summary>
    public Outcome Of(string term) => runs[term].GetAwaiter().GetResult();

    /// <summary>The other host, set up with what a run left: its files.</summary>
    public string[] OnAnother(Outcome outcome)
    {
        room.Wait();
        try
        {
            other.Value.Unpack(outcome.Material);
            Lab.Write(other.Value.Name, Saved, outcome.Answers, "0600");
            Lab.Exec(other.Value.Name, "gatehouse", "apply", Saved, "--yes").Expect(0);
            return other.Value.Managed();
        }
        finally
        {
            room.Release();
        }
    }

    public void Dispose()
    {
        // Whatever became of them was told by the story that asked.
        Task.WhenAll(runs.Values).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        if (other.IsValueCreated)
            other.Value.Dispose();
        tree.Dispose();
        room.Dispose();
    }

    private Task<Outcome> Begin(Func<Outcome> run) =>
        Task.Run(async () =>
        {
            await room.WaitAsync();
            try
            {
                return run();
            }
            finally
            {
                room.Release();
            }
        });

    private Outcome OnFullScreen(string name, string address, string term)
    {
        using var host = new WizardHost(name, address);
        using var terminal = new Tmux(tree, term);
        terminal.Run(
            $"run {Path.Combine(Lab.Root(), "tests", "lab", "lab.sh")} exec {name} -- env LANG=C.UTF-8 TERM={term} gatehouse setup"
        );
        Operator.Answer(terminal, Address);
        Operator.Save(terminal, Saved);
        Operator.Apply(terminal);
        terminal.WaitFor("and verified").Press("Enter").WaitForEnd(0);
        return Leave(host);
    }

    private static Outcome Plainly(string name, string address)
    {
        using var host = new WizardHost(name, address);
        var result = Lab.Exec(name, ["gatehouse", "setup", "--plain"], Operator.Lines(Address, Saved)).Expect(0);
        if (!result.Output.Contains("generation 1 is in place and verified", StringComparison.Ordinal))
            throw new InvalidOperationException(result.All);
        return Leave(host);
    }

    private static Outcome Leave(WizardHost host)
    {
        Lab.Exec(host.Name, "gatehouse", "verify").Expect(0);
        return new Outcome(Lab.Exec(host.Name, "cat", Saved).Expect(0).Output, host.Pack(), host.Managed());
    }
}
