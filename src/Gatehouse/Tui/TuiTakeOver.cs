using Gatehouse.Terminal;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;

namespace Gatehouse.Tui;

/// <summary>What a second console is told: who holds the wizard, and that it can take over.</summary>
internal static class TuiTakeOver
{
    /// <summary>Takes over if the operator wants that; null when they do not, or it cannot be.</summary>
    public static SetupLock? Take(SetupHome home, Surface surface, string terminal, Func<string?> ended)
    {
        var stage = new Stage(
            surface,
            () =>
            {
                if (ended() is { } why)
                    throw new WizardEndedException(why);
            }
        );
        var holder = SetupLock.Who(home);
        if (holder is { IsApplying: true })
        {
            stage.Show(
                new TextPage(
                    "In use",
                    [
                        $"The set-up of this host is open on {holder}, and is busy there: it is changing the host, or a shell is open. "
                            + $"Wait until it is done.",
                    ],
                    ["Quit"]
                )
            );
            return null;
        }

        var page = new TextPage(
            "In use",
            [
                $"The set-up of this host is open on {holder?.ToString() ?? "another terminal"}. You can take it over; what was typed "
                    + $"there is kept, and you continue here.",
            ],
            ["Leave it", "Take over"]
        );
        stage.Show(page);
        if (page.Answer != 1)
            return null;
        var taking = Task.Run(() => SetupLock.TakeOver(home, terminal));
        var wait = new WaitPage(Environment.MachineName, "In use", () => [], "Taking over ...", taking, mayLeave: false);
        stage.Show(wait);
        var taken = taking.GetAwaiter().GetResult();
        if (taken is null)
            stage.Show(new TextPage("In use", ["It could not be taken over: it is changing the host, or does not respond."], ["Quit"]));
        return taken;
    }
}
