using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Wizard;

/// <summary>Further nodes line by line: join codes, and hosts that are set up over SSH.</summary>
internal sealed class PlainNodes(PlainTalk talk, SetupSession session, SetupLock only)
{
    private readonly NewNodes nodes = new(session);

    /// <summary>Asks until the operator has finished.</summary>
    public void Ask()
    {
        var offer = talk.IsTerminal ? "invite, push, finish" : "invite, finish";
        talk.Say();
        talk.Say("Further nodes: 'invite' creates a join code for one host, to be entered there.");
        if (talk.IsTerminal)
            talk.Say("'push' sets up one or more hosts over SSH, if root can log in there.");
        else
            talk.Say("'gatehouse add HOST... --profile PROFILE' sets up hosts over SSH.");
        while (true)
        {
            switch (talk.Ask($"What now ({offer})", "finish").Trim().ToLowerInvariant())
            {
                case "invite":
                    Invite();
                    break;
                case "push" when talk.IsTerminal:
                    Push();
                    break;
                case "finish" or "quit" or "!" or "":
                    return;
                default:
                    talk.Say($"Error: Type one of: {offer}.");
                    break;
            }
        }
    }

    private void Invite()
    {
        if (
            AskLine("Name of the new node (full name, Enter for none)", NewNodes.JudgeName) is not { } name
            || AskProfile() is not { } profile
        )
            return;
        if (
            !Invite(name, profile, replace: false)
            && talk.AskYesNo($"{name} already has a valid join code. Withdraw it and create another?")
        )
            Invite(name, profile, replace: true);
    }

    // False when there is a good code already.
    private bool Invite(string name, string profile, bool replace)
    {
        try
        {
            foreach (var line in Task.Run(() => nodes.InviteAsync(name, profile, replace, CancellationToken.None)).GetAwaiter().GetResult())
            {
                if (line.StartsWith(' '))
                    talk.SayAsIs(line);
                else
                    talk.Say(line);
            }
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.CodeExists && !replace)
        {
            return false;
        }
        catch (Exception e)
            when (e is RegistryException or SequenceException or TrustException or InvalidDataException or IOException or AgentException)
        {
            talk.Say($"Error: {e.Message}");
        }

        return true;
    }

    private void Push()
    {
        if (
            AskLine("Hosts as for ssh, such as root@192.0.2.12, separated by spaces (Enter for none)", NewNodes.JudgeHosts) is not { } hosts
            || AskProfile() is not { } profile
        )
            return;
        only.Tell(true);
        Shell.Run(NewNodes.PushCommand(hosts, profile));
        only.Tell(false);
    }

    private string? AskProfile()
    {
        var profiles = nodes.Profiles;
        talk.Say("Profile:");
        for (var i = 0; i < profiles.Length; i++)
            talk.Say($"  {i + 1}. {profiles[i].Value}: {profiles[i].Text}");
        return
            AskLine(
                $"Profile of the new node (1 to {profiles.Length}, Enter for none)",
                p => Profile(p) is null ? $"Enter a number from 1 to {profiles.Length}." : null
            )
                is { } answer
            ? Profile(answer)
            : null;

        string? Profile(string text) =>
            PlainWords.Number(text, profiles.Length) is { } number
                ? profiles[number - 1].Value
                : profiles.FirstOrDefault(p => p.Value == text)?.Value;
    }

    private string? AskLine(string prompt, Func<string, string?> judge)
    {
        while (true)
        {
            var answer = talk.Ask(prompt).Trim();
            if (answer.Length == 0)
                return null;
            if (judge(answer) is not { } problem)
                return answer;
            talk.Say($"Error: {problem}");
        }
    }
}
