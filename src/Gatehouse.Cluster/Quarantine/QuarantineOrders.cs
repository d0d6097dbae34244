using System.Text.Json;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>
/// Requests for messages that lie on another node travel as orders of the cluster: that node's agent wakes what may change
/// its host, and the answer comes back by the registry.
/// </summary>
internal static class QuarantineOrders
{
    /// <summary>The order's name. It is none of those that an administrator gives.</summary>
    public const string Kind = "quarantine";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    /// <summary>An order waits no longer than this for the ledger, for all that the node follows waits with it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Whether a node is there to be asked.</summary>
    public static bool IsThere(ClusterView view, ClusterNode node) => node.State == NodeState.Active && !view.IsAbsent(node);

    /// <summary>Carries out an order on this node.</summary>
    public static async Task<(CommandState State, string Output)> CarryOutAsync(
        ClusterCommand command,
        LocalMachine machine,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        QuarantineAnswer answer;
        try
        {
            answer = await Task.Run(() => AnswerAsync(command, machine, clock, ct), ct).WaitAsync(ClusterRegistry.ClaimTime, ct);
        }
        catch (TimeoutException)
        {
            answer = QuarantineAnswer.Failed(
                "the quarantine of this node does not answer; does its file system hang? Whether it was done is not known."
            );
        }

        var text = answer.Fit();
        return (
            answer.Done ? CommandState.Done
            : answer.Refused ? CommandState.Refused
            : CommandState.Failed,
            text
        );
    }

    /// <summary>Has another node do it.</summary>
    /// <returns>What came of it; null when the node did not answer.</returns>
    public static async Task<QuarantineAnswer?> AskAsync(
        ClusterRegistry registry,
        ClusterView view,
        ClusterNode node,
        QuarantineRequest request,
        CancellationToken ct
    )
    {
        // Who begins late may find nobody waiting for the answer, so the order ends before the waiting does.
        var number = await registry.IssueCommandAsync(
            Kind,
            JsonSerializer.Serialize(request, QuarantineWire.Default.QuarantineRequest),
            [node.Number],
            view.Taken + Limit - TimeSpan.FromSeconds(15),
            ct
        );
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < Limit)
        {
            if ((await registry.CommandResultsAsync(number, ct)).FirstOrDefault() is { } result)
                return Read(result.Output);
            await Task.Delay(150, ct);
        }

        return null;
    }

    private static async Task<QuarantineAnswer> AnswerAsync(
        ClusterCommand command,
        LocalMachine machine,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        QuarantineRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(command.Arguments, QuarantineWire.Default.QuarantineRequest);
        }
        catch (JsonException)
        {
            request = null;
        }

        if (request is null)
            return QuarantineAnswer.No("the request cannot be read; it is from another release");
        if (new ClusterFiles(machine).Node is not { } me || QuarantineDuty.Place(machine) is not { } place)
            return QuarantineAnswer.No("this node has no quarantine");
        await using var registry = RegistryAccess.Open(me);
        return await new QuarantineActions(machine, place, me.Name, me, registry, clock, Patience).RunAsync(request, ct);
    }

    private static QuarantineAnswer Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, QuarantineWire.Default.QuarantineAnswer)
                ?? QuarantineAnswer.Failed("the node gave no answer");
        }
        catch (JsonException)
        {
            return QuarantineAnswer.Failed(StrangerText.Of(text));
        }
    }
}
