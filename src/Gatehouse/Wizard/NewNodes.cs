using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Pushing;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Wizard;

/// <summary>How a member brings further nodes in, for both faces of the wizard: what may be asked for, and what comes of it.</summary>
/// <param name="session">The member.</param>
internal sealed class NewNodes(SetupSession session)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(3);

    /// <summary>The profiles that a node can join with, and what they are.</summary>
    public ImmutableArray<Choice> Profiles =>
        [
            .. session
                .Screens.Fields.First(f => f.Path == "system.profile")
                .Choices.Where(c => Profile.Names.Contains(c.Value) && Profile.Find(c.Value)!.Clustered),
        ];

    /// <summary>Why a name will not do for a node; null when it does.</summary>
    public static string? JudgeName(string text) =>
        Names.TryParse(text, 2, out _) ? null : "Enter a fully qualified host name such as mx2.example.org.";

    /// <summary>Why a text will not do as hosts to push to; null when it does.</summary>
    public static string? JudgeHosts(string text)
    {
        var hosts = Words(text);
        if (hosts.Length == 0)
            return "Enter one or more hosts, such as root@192.0.2.12, separated by spaces.";
        try
        {
            foreach (var host in hosts)
                PushTarget.Read(host);
            return hosts.All(IsPlain) ? null : "Enter hosts as HOST or USER@HOST, without quotes or other special characters.";
        }
        catch (SequenceException e)
        {
            return e.Message;
        }
    }

    /// <summary>Makes a join code; what to do with it, in lines. Those that begin with blanks are to be copied as they are.</summary>
    /// <param name="name">The new node's name.</param>
    /// <param name="profile">Its profile.</param>
    /// <param name="replace">Whether a code for the name that is still good is withdrawn.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="RegistryException">The registry refuses, or is away.</exception>
    public async Task<ImmutableArray<string>> InviteAsync(string name, string profile, bool replace, CancellationToken ct)
    {
        var me =
            new ClusterFiles(session.Machine).Node
            ?? throw new SequenceException(ExitCodes.Refused, "this host is no longer a member of a cluster.");
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        Invitation.RequireMaker(view, me.Number);
        var made = await Invitation.MakeAsync(registry, view, name, profile, session.Clock.GetUtcNow() + Life, replace, ct);
        return Text(name, profile, $"{view.Node(view.Cluster.Issuer)!.Address}", made.Code.Text, made.Expires);
    }

    /// <summary>What to do with a join code.</summary>
    internal static ImmutableArray<string> Text(string name, string profile, string address, Secret code, DateTimeOffset expires)
    {
        var groups = code.Reveal().Split('-');
        return
        [
            $"On {name}, until {expires.ToLocalTime():yyyy-MM-dd HH:mm}: run 'gatehouse setup', choose 'Join a cluster', and enter",
            "",
            $"  Address {address}",
            $"  Code {string.Join('-', groups[..6])}-",
            $"       {string.Join('-', groups[6..])}",
            "",
            $"'gatehouse join {address}' on its command line also asks for the code. The code works once, for this name and profile "
                + $"{profile}.",
        ];
    }

    /// <summary>The command that sets hosts up over SSH.</summary>
    /// <param name="hosts">The hosts, with blanks between.</param>
    /// <param name="profile">Their profile.</param>
    public static string PushCommand(string hosts, string profile) => $"gatehouse add {string.Join(' ', Words(hosts))} --profile {profile}";

    // What goes to a shell has nothing in it that a shell would take for more than a word.
    private static bool IsPlain(string host) =>
        host.All(c => char.IsAsciiLetterOrDigit(c) || "@.:-_".Contains(c, StringComparison.Ordinal)) && host[0] != '-';

    private static string[] Words(string text) => text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
}
