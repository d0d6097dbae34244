using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Gatehouse.Terminal;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;

namespace Gatehouse.Tui;

/// <summary>Further nodes on the full screen: join codes, and hosts that are set up over SSH.</summary>
internal sealed class TuiNodes(TuiContext context, SetupLock only)
{
    private const string Invite = "Invite";
    private const string Push = "Push";
    private readonly Stage stage = context.Stage;
    private readonly NewNodes nodes = new(context.Session);

    /// <summary>The buttons that lead here.</summary>
    public static string[] Buttons { get; } = [Invite, Push];

    /// <summary>What the buttons do.</summary>
    public static TextRow[] Help { get; } =
    ["Invite makes a join code for one host, to be typed there. Push sets hosts up over SSH that root can log in to, one or many.", ""];

    /// <summary>A page of its own, for a member that is set up already.</summary>
    public void Show(string cluster)
    {
        stage.Show(
            new ReviewPage(
                "Further nodes",
                context.Host,
                () => [],
                [.. Buttons, "Finish"],
                0,
                [
                    new TextRow($"This host is a member of the cluster {cluster}.", Look.Bold),
                    "",
                    "Invite: makes a join code for one host. It is typed there, in 'gatehouse setup' or for 'gatehouse join', and good "
                        + "once.",
                    "",
                    "Push: sets hosts up over SSH, one or many at the same time. Root has to be able to log in there; a host key that is "
                        + "not known is shown and asked for.",
                    "",
                    "For a host that is reached by a carried file alone, 'gatehouse invite NAME --profile PROFILE --bundle FILE' writes "
                        + "one.",
                ],
                button =>
                {
                    Take(button);
                    return button is "Finish" or "Esc";
                }
            )
            {
                Keys = "F1 Help",
            }
        );
    }

    /// <summary>Does what a button says.</summary>
    public void Take(string button)
    {
        if (button == Invite)
            InviteOne();
        else if (button == Push)
            PushHosts();
        else if (button == "F1")
            context.Say("Help", Help[0]);
    }

    private void InviteOne()
    {
        var ask = new AskPage("Invite", "Which name has the new node? Write it in full, such as mx2.example.org.", "", NewNodes.JudgeName);
        stage.Show(ask);
        if (ask.Answer is not { } name || AskProfile() is not { } profile)
            return;
        for (var replace = false; ; )
        {
            var inviting = Task.Run(() => nodes.InviteAsync(name, profile, replace, CancellationToken.None));
            stage.Show(new WaitPage(context.Host, Invite, () => [], "Making a join code ...", inviting, mayLeave: false));
            if (inviting.IsCompletedSuccessfully)
            {
                stage.Show(
                    new TextPage(
                        "Join code",
                        inviting.Result.Select(l => new TextRow(l, l.StartsWith(' ') ? Look.Bold : Look.Plain)),
                        ["Close"]
                    )
                );
                return;
            }

            var e = inviting.Exception!.GetBaseException();
            if (
                e is not (RegistryException or SequenceException or TrustException or InvalidDataException or IOException or AgentException)
            )
                throw e;
            if (replace || e is not RegistryException { Failure: RegistryFailure.CodeExists })
            {
                context.Say("No join code", new TextRow($"!! {e.Message}", Look.Error));
                return;
            }

            var again = new TextPage(
                Invite,
                [$"{name} has a join code already that is still good. It is withdrawn if you make another."],
                ["Leave it", "Make another"]
            );
            stage.Show(again);
            if (again.Answer != 1)
                return;
            replace = true;
        }
    }

    // On the terminal itself, for ssh and its questions about host keys and passwords.
    private void PushHosts()
    {
        var ask = new AskPage(
            "Push",
            "Which hosts? Write them as ssh takes them, such as root@192.0.2.12 root@192.0.2.13.",
            "root@",
            NewNodes.JudgeHosts
        );
        stage.Show(ask);
        if (ask.Answer is not { } hosts || AskProfile() is not { } profile)
            return;
        var command = NewNodes.PushCommand(hosts, profile);
        var page = new TextPage(
            "Push",
            [
                "On this terminal is run:",
                "",
                new TextRow($"  {command}", Look.Bold),
                "",
                "It brings the program, the CA and a join code to each host and has it join. A host where something is set up already is "
                    + "left as it is; with --yes, on the command line, it is replaced.",
            ],
            ["Run it", "Leave it"]
        );
        stage.Show(page);
        if (page.Answer != 0)
            return;
        only.Tell(true);
        stage.Surface.Lend(() => Shell.Run(command));
        only.Tell(false);
    }

    private string? AskProfile()
    {
        var profiles = nodes.Profiles;
        var menu = new MenuPage(
            "Profile",
            "What is the node to do?",
            [.. profiles.Select(p => new MenuItem(p.Value, p.Text))],
            Math.Max(0, profiles.ToList().FindIndex(p => p.Value == "node"))
        );
        stage.Show(menu);
        return menu.Answer < 0 ? null : profiles[menu.Answer].Value;
    }
}
