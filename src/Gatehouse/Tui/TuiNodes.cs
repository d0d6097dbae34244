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
    [
        "Invite creates a join code for one host, to be entered there. Push sets up one or more hosts over SSH, if root can log in "
            + "there.",
        "",
    ];

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
                    "Invite: creates a join code for one host. Enter it there, in 'gatehouse setup' or 'gatehouse join'. It works once.",
                    "",
                    "Push: sets up one or more hosts at the same time over SSH. Root must be able to log in there; you are asked to "
                        + "confirm unknown host keys.",
                    "",
                    "For a host that only a carried file can reach, 'gatehouse invite NAME --profile PROFILE --bundle FILE' writes "
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
        var ask = new AskPage("Invite", "What is the full name of the new node, such as mx2.example.org?", "", NewNodes.JudgeName);
        stage.Show(ask);
        if (ask.Answer is not { } name || AskProfile() is not { } profile)
            return;
        for (var replace = false; ; )
        {
            var inviting = Task.Run(() => nodes.InviteAsync(name, profile, replace, CancellationToken.None));
            stage.Show(new WaitPage(context.Host, Invite, () => [], "Creating a join code ...", inviting, mayLeave: false));
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
                [$"{name} already has a valid join code. It is withdrawn if you make another."],
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
            "Which hosts? Enter them as for ssh, such as root@192.0.2.12 root@192.0.2.13.",
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
                "This command will be run on this terminal:",
                "",
                new TextRow($"  {command}", Look.Bold),
                "",
                "It copies the program, the CA and a join code to each host, which then joins. A host that is already set up is left as "
                    + "it is; with --yes, on the command line, its set-up is replaced.",
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
            "What will the node do?",
            [.. profiles.Select(p => new MenuItem(p.Value, p.Text))],
            Math.Max(0, profiles.ToList().FindIndex(p => p.Value == "node"))
        );
        stage.Show(menu);
        return menu.Answer < 0 ? null : profiles[menu.Answer].Value;
    }
}
