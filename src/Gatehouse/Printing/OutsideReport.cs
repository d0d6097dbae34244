using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Core.Outside;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Machines.Outside;
using Gatehouse.Terminal;

namespace Gatehouse.Printing;

/// <summary>
/// What a look around a gateway found: warnings, which never fail a command, and what is left to do. In a tree there is nothing
/// to look at, and the report is empty.
/// </summary>
/// <param name="Warnings">What keeps mail from working although the gateway is well.</param>
/// <param name="Tasks">What to know and to do, done or not.</param>
/// <param name="Network">Whether the network was looked at.</param>
internal sealed record OutsideReport(ImmutableArray<OutsideWarning> Warnings, ImmutableArray<OutsideTask> Tasks, bool Network)
{
    /// <summary>Nothing was looked at.</summary>
    public static OutsideReport None { get; } = new([], [], false);

    /// <summary>Looks around, in a few seconds at most.</summary>
    /// <param name="machine">What is worked on.</param>
    /// <param name="facts">What is known of it.</param>
    /// <param name="settings">The gateway.</param>
    /// <param name="network">Whether to look at the network.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<OutsideReport> LookAsync(
        LocalMachine machine,
        Facts facts,
        GatewaySettings settings,
        bool network,
        CancellationToken ct
    )
    {
        if (!machine.IsLive)
            return None;
        var probe = new OutsideProbe(machine, facts, TimeProvider.System);
        try
        {
            var view = await probe.LookAsync(settings, network, ct);
            return new OutsideReport(
                OutsideRules.Judge(settings, view),
                [.. LeftToDo.Of(settings, view, await probe.DkimFileAsync(settings, ct))],
                network
            );
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException)
        {
            return new OutsideReport(
                [
                    new OutsideWarning(
                        "look-failed",
                        machine.Name,
                        $"DNS and the network around this gateway could not be checked: {e.Message}.",
                        "'gatehouse next' tries again."
                    ),
                ],
                [],
                network
            );
        }
    }

    /// <summary>Looks around for the answers in force; <see cref="None"/> when there are none that can be read.</summary>
    /// <param name="parse">The command.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<OutsideReport> InForceAsync(ParseResult parse, CancellationToken ct) =>
        AnswersInput.InForceSettings(parse) is var (facts, settings) && settings is not null
            ? await LookAsync(GlobalOptions.Machine(parse), facts, settings, GlobalOptions.LooksAtNetwork(parse), ct)
            : None;

    /// <summary>The report without some warnings, for who has told of them.</summary>
    public OutsideReport Except(ImmutableArray<string> ids) => this with { Warnings = [.. Warnings.Where(w => !ids.Contains(w.Id))] };

    /// <summary>The warnings as lines; none when there are none.</summary>
    public IEnumerable<string> WarningLines()
    {
        if (Warnings.IsEmpty)
            yield break;
        yield return Warnings.Length == 1
            ? "Outside this gateway, one thing needs attention:"
            : $"Outside this gateway, {Warnings.Length} things need attention:";
        foreach (var warning in Warnings)
            yield return $"  warning {warning.Id}: {warning}";
    }

    /// <summary>What is left to do as lines.</summary>
    public IEnumerable<string> TaskLines()
    {
        foreach (var task in Tasks.Where(t => !t.IsRecord))
            yield return task.Text;
        if (!Tasks.Any(t => t.IsRecord))
            yield break;
        yield return Network
            ? "DNS records to publish ('done' where the name servers show them):"
            : "DNS records to publish (not looked up):";
        foreach (var task in Tasks.Where(t => t.IsRecord))
            yield return $"  {Mark(task)}  {task.Text}";
    }

    /// <summary>The warnings as JSON.</summary>
    public JsonArray WarningsJson() =>
        new([
            .. Warnings.Select(w =>
                (JsonNode)
                    new JsonObject
                    {
                        ["id"] = w.Id,
                        ["subject"] = w.Subject,
                        ["problem"] = w.Problem,
                        ["remedy"] = w.Remedy,
                    }
            ),
        ]);

    /// <summary>What is left to do as JSON.</summary>
    public JsonArray TasksJson() =>
        new([
            .. Tasks.Select(t =>
                (JsonNode)
                    new JsonObject
                    {
                        ["id"] = t.Id,
                        ["subject"] = t.Subject,
                        ["done"] = t.IsDone,
                        ["record"] = t.IsRecord,
                        ["text"] = t.Text,
                    }
            ),
        ]);

    private static string Mark(OutsideTask task) =>
        task.IsDone switch
        {
            true => "done ",
            false => "to do",
            null => "?    ",
        };
}
