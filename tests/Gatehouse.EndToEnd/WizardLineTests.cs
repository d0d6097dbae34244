using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>An operator who said yes, and whose line breaks while the host is being changed.</summary>
[Collection(GatewayStories.Name)]
public sealed class WizardLineTests : IDisposable
{
    private const string Holder = "/var/lib/gatehouse/setup/holder";
    private readonly Tree tree = new();

    [Fact]
    public void An_apply_outlives_its_terminal_and_is_finished()
    {
        Gateway.Restore();
        using (var terminal = new Tmux(tree, "vt220"))
        {
            terminal.Run(
                $"run {Path.Combine(Lab.Root(), "tests", "lab", "lab.sh")} exec {Gateway.Name} -- env LANG=C.UTF-8 TERM=vt220 gatehouse "
                    + $"setup"
            );
            terminal.WaitFor("> Change").Press("Enter").WaitFor("> 1 System").Press("NPage").WaitFor("> 2 Scanner");
            terminal.Press("C-u").Type("OUTLIVES").WaitFor("OUTLIVES");
            terminal
                .Press("NPage")
                .WaitFor("> 3 MTA")
                .Press("NPage")
                .WaitFor("> 4 Management web")
                .Press("NPage")
                .WaitFor("What will happen");
            terminal.Press("Enter").WaitFor("─ Apply? ─").Type("yes").Press("Enter").WaitFor("Applying");
            Assert.Contains("applying", Lab.Exec(Gateway.Name, "cat", Holder).Expect(0).Output, StringComparison.Ordinal);
        }

        // The terminal is gone, and the work is not.
        Assert.DoesNotContain("OUTLIVES", Answers(), StringComparison.Ordinal);
        Lab.Until("the end of the wizard", TimeSpan.FromMinutes(2), () => Lab.Exec(Gateway.Name, "test", "-e", Holder).ExitCode != 0);
        Assert.Contains("OUTLIVES", Answers(), StringComparison.Ordinal);
        Assert.Contains("good", Lab.Shell(Gateway.Name, "gatehouse history | tail -n 1").Expect(0).Output, StringComparison.Ordinal);
        Gateway.Run("verify").Expect(0);
        Assert.NotEqual(0, Lab.Exec(Gateway.Name, "test", "-e", "/var/lib/gatehouse/setup/draft.json").ExitCode);
        Gateway.Restore();
    }

    public void Dispose() => tree.Dispose();

    private static string Answers() => Lab.Exec(Gateway.Name, "cat", "/etc/gatehouse/answers.yaml").Expect(0).Output;
}
