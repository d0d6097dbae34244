using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Quarantine;
using Gatehouse.Core.Screens;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>A list of messages, of this node or of all.</summary>
/// <param name="Messages">Newest first.</param>
/// <param name="More">Whether there are more than were asked for.</param>
/// <param name="Claims">What was done with messages, as far as the registry could be asked; null when it could not.</param>
/// <param name="States">What nodes say they did with messages.</param>
/// <param name="Missing">Nodes whose messages are not in it, and why.</param>
internal sealed record QuarantineList(
    ImmutableArray<QuarantinedMessage> Messages,
    bool More,
    ImmutableArray<MessageClaim>? Claims,
    ImmutableArray<MessageState> States,
    ImmutableArray<string> Missing
);

/// <summary>
/// Where requests for messages go: with a shared quarantine, or on a host of its own, they are done here; else on the node
/// that took the message.
/// </summary>
internal sealed class QuarantineDesk : IAsyncDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(4);
    private readonly LocalMachine machine;
    private readonly LocalNode? me;
    private readonly QuarantinePlace? place;
    private readonly ClusterRegistry? registry;

    /// <summary>The desk of a host.</summary>
    /// <exception cref="SequenceException">It has no quarantine, and is no member of a cluster that has one.</exception>
    public QuarantineDesk(LocalMachine machine)
    {
        this.machine = machine;
        me = new ClusterFiles(machine).Node;
        place = QuarantineDuty.Place(machine);
        if (me is null && place is null)
            throw new SequenceException(
                ExitCodes.Refused,
                $"this host has no quarantine ({QuarantinePlace.Path} is missing): it is not set up as a mail gateway. 'gatehouse apply "
                    + $"FILE' does that."
            );
        registry = me is null ? null : RegistryAccess.Open(me);
    }

    /// <summary>Messages of the whole cluster.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="isLocal">Whether only what lies on this host is meant.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<QuarantineList> ListAsync(QuarantineRequest request, bool isLocal, CancellationToken ct)
    {
        var answers = new List<QuarantineAnswer>();
        if (place is not null)
            answers.Add(await LocalAsync(request, ct));
        if (answers is [{ Done: false } failed])
            throw new SequenceException(ExitCodes.Failed, failed.Message);
        var missing = ImmutableArray<string>.Empty;
        if (me is not null && place is not { IsShared: true } && !isLocal)
        {
            var (others, silent) = await AllAsync(request, ct);
            answers.AddRange(others);
            missing = silent;
        }

        var all = answers
            .SelectMany(a => a.Messages)
            .DistinctBy(m => m.Id)
            .OrderByDescending(m => m.Received)
            .ThenBy(m => m.Message, StringComparer.Ordinal)
            .ToArray();
        return new QuarantineList(
            [.. all.Take(request.Most)],
            all.Length > request.Most || answers.Any(a => a.More),
            await ClaimsAsync(ct),
            [.. answers.SelectMany(a => a.States).DistinctBy(s => s.Id)],
            missing
        );
    }

    /// <summary>Something done with one message, wherever that has to be.</summary>
    public async Task<QuarantineAnswer> RunAsync(QuarantineRequest request, CancellationToken ct)
    {
        if (!TryParse(request.Id, out var id))
            return QuarantineAnswer.No(
                $"'{StrangerText.Of(request.Id, 60)}' is no message id; 'gatehouse quarantine list' shows them, such as 3/1xUsvq-00009Z-5e."
            );
        request = request with { Id = id.ToString() };
        if (place is not null && (me is null || place.IsShared || id.Node == place.Node))
            return await LocalAsync(request, ct);
        var view = await registry!.ViewAsync(ct);
        var taker = view.Node(id.Node);
        if (place is not null || (taker is not null && QuarantineOrders.IsThere(view, taker)))
        {
            if (taker is null)
                return QuarantineAnswer.No($"there never was a node {id.Node} in this cluster.");
            if (!QuarantineOrders.IsThere(view, taker))
                return QuarantineAnswer.No(
                    $"{id} lies on {taker.Name} alone, for the quarantine is not shared, and {Away(taker)}. Wait until it is back."
                );
            return await AskAsync(view, taker, request, ct);
        }

        // This node keeps no messages. Where the quarantine is shared, any that does will do.
        var other = view.Members.FirstOrDefault(n =>
            Profile.Find(n.Profile)?.Has("mail") == true && n.Number != me!.Number && QuarantineOrders.IsThere(view, n)
        );
        return other is null
            ? QuarantineAnswer.No($"no node that keeps messages answers{(taker is null ? "" : $"; {Away(taker)}")}.")
            : await AskAsync(view, other, request, ct);
    }

    /// <summary>Reads a message's id as it was typed. On a gateway of its own, Exim's id will do, as the logs have it.</summary>
    public bool TryParse(string typed, out QuarantineId id) => QuarantineId.TryParse(typed, me is null ? place?.Node : null, out id);

    /// <summary>Copies a message that lies on this host into a file, readable by its owner alone.</summary>
    /// <exception cref="SequenceException">It does not lie here.</exception>
    public void Save(QuarantineId id, Stream target)
    {
        var store = place is null ? null : new QuarantineStore(machine.Real(place.Directory));
        if (store?.Find(id) is not { } message)
            throw new SequenceException(
                ExitCodes.Refused,
                $"{id} does not lie on this host{(me is null ? "" : "; save it on the node that took it")}."
            );
        using var source = store.Open(message);
        source.CopyTo(target);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (registry is not null)
            await registry.DisposeAsync();
    }

    private Task<QuarantineAnswer> LocalAsync(QuarantineRequest request, CancellationToken ct) =>
        new QuarantineActions(
            machine,
            place!,
            me?.Name ?? FactProbe.Gather(TimeProvider.System).HostName,
            me,
            registry,
            TimeProvider.System,
            QuarantineLedger.Patience
        ).RunAsync(request, ct);

    private async Task<QuarantineAnswer> AskAsync(ClusterView view, ClusterNode node, QuarantineRequest request, CancellationToken ct) =>
        await QuarantineOrders.AskAsync(registry!, view, node, request, ct)
        ?? QuarantineAnswer.Failed($"{node.Name} did not answer in time. Whether it did it is not known; ask again when it is back.");

    private async Task<(ImmutableArray<QuarantineAnswer> Answers, ImmutableArray<string> Missing)> AllAsync(
        QuarantineRequest request,
        CancellationToken ct
    )
    {
        ClusterView view;
        try
        {
            view = await registry!.ViewAsync(ct);
        }
        catch (RegistryUnreachableException e) when (place is not null)
        {
            return ([], [$"the other nodes cannot be asked: {e.Message}"]);
        }

        var others = view.Members.Where(n => n.Number != me!.Number && Profile.Find(n.Profile)?.Has("mail") == true).ToArray();
        var asked = await Task.WhenAll(
            others.Select(async n =>
                (
                    Node: n,
                    Answer: QuarantineOrders.IsThere(view, n) ? await QuarantineOrders.AskAsync(registry, view, n, request, ct) : null
                )
            )
        );
        return (
            [.. asked.Select(a => a.Answer).OfType<QuarantineAnswer>().Where(a => a.Done)],
            [.. asked.Where(a => a.Answer is not { Done: true }).Select(a => $"{a.Node.Name}: {a.Answer?.Message ?? Away(a.Node)}")]
        );
    }

    private async Task<ImmutableArray<MessageClaim>?> ClaimsAsync(CancellationToken ct)
    {
        if (registry is null)
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Moment);
        try
        {
            return await registry.MessageClaimsAsync(limit.Token);
        }
        catch (Exception e) when (e is RegistryException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }

    private static string Away(ClusterNode node) =>
        node.State == NodeState.Removed ? $"{node.Name} was removed from the cluster"
        : node.LastSeen is { } seen ? $"{node.Name} was not heard of since {seen.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"
        : $"{node.Name} was never heard of";
}
