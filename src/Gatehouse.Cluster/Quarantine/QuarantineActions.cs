using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>Does what is asked with the messages that lie on this host.</summary>
/// <param name="machine">The host.</param>
/// <param name="place">Its quarantine.</param>
/// <param name="name">Its name.</param>
/// <param name="me">It as a member; null when it is none.</param>
/// <param name="registry">The registry; null when this host is no member.</param>
/// <param name="clock">The time.</param>
/// <param name="patience">How long to wait while another program is at it.</param>
internal sealed class QuarantineActions(
    LocalMachine machine,
    QuarantinePlace place,
    string name,
    LocalNode? me,
    ClusterRegistry? registry,
    TimeProvider clock,
    TimeSpan patience
)
{
    private const int MostHeaders = 200;
    private const int MostBodyLines = 200;
    private readonly QuarantineStore store = new(machine.Real(place.Directory));

    /// <summary>Does it.</summary>
    public async Task<QuarantineAnswer> RunAsync(QuarantineRequest request, CancellationToken ct)
    {
        try
        {
            if (request.Action == "list")
            {
                var (messages, more) = store.List(request.Filter, request.Most);
                return new QuarantineAnswer
                {
                    Done = true,
                    Messages = messages,
                    More = more,
                    States = await StatesAsync(messages, ct),
                };
            }

            if (!QuarantineId.TryParse(request.Id, out var id))
                return QuarantineAnswer.No(
                    $"'{StrangerText.Of(request.Id, 60)}' is no message id; 'gatehouse quarantine list' shows them."
                );
            if (store.Find(id) is not { } message)
                return await AbsentAsync(id, ct);
            return request.Action switch
            {
                "show" => await ShowAsync(message, request.Body, ct),
                "release" => await OnceAsync(id, message, request, ct),
                "delete" => await OnceAsync(id, message, request, ct),
                "learn-ham" or "learn-spam" => await LearnAsync(id, message, request, ct),
                _ => QuarantineAnswer.No($"this release cannot '{StrangerText.Of(request.Action, 40)}' a message"),
            };
        }
        catch (Exception e) when (e is MachineException or RegistryException or IOException or UnauthorizedAccessException)
        {
            return QuarantineAnswer.Failed(e.Message);
        }
    }

    private bool AsksRegistry => registry is not null && place.IsShared;

    private async Task<QuarantineAnswer> AbsentAsync(QuarantineId id, CancellationToken ct)
    {
        using var ledger = await QuarantineLedger.OpenAsync(machine, patience, ct);
        if (await ledger.ReadAsync(id, ct) is { Action: "delete", Done: true } gone)
            return QuarantineAnswer.No(gone.Refusal("release", false, id.ToString())!);
        return QuarantineAnswer.No(
            place.IsShared
                ? $"{id} is not in the quarantine of {name}: it was deleted, or has not arrived from the node that took it."
                : $"{id} is not in the quarantine of {name}."
        );
    }

    private async Task<QuarantineAnswer> LearnAsync(QuarantineId id, StoredMessage message, QuarantineRequest request, CancellationToken ct)
    {
        var answer = await Learning.RunAsync(machine, store, message, request.Action[6..], ct);
        if (answer.Done)
            await QuarantineLedger.WriteLearnedAsync(
                machine,
                id,
                new MessageState(id.ToString(), request.Action, clock.GetUtcNow(), request.By, true),
                ct
            );
        return answer;
    }

    private async Task<ImmutableArray<MessageState>> StatesAsync(ImmutableArray<QuarantinedMessage> messages, CancellationToken ct)
    {
        var states = ImmutableArray.CreateBuilder<MessageState>();
        // Of most messages of a long list there is no record, so names are compared before files are opened.
        var recorded = await QuarantineLedger.RecordedAsync(machine, ct);
        foreach (var message in messages.Where(m => recorded.Contains(m.Id.ToFileName())))
            if (await QuarantineLedger.StateAsync(machine, message.Id, ct) is { } state)
                states.Add(state);
        return states.ToImmutable();
    }

    private async Task<QuarantineAnswer> ShowAsync(StoredMessage message, bool withBody, CancellationToken ct)
    {
        using var reader = new StreamReader(store.Open(message), System.Text.Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
        var headers = Lines(QuarantineAnswer.MostCharacters / 4, MostHeaders, toEmptyLine: true);
        // What did not fit of the header is no body.
        var body = withBody && headers.Whole ? Lines(QuarantineAnswer.MostCharacters / 4, MostBodyLines, toEmptyLine: false).Lines : [];
        return new QuarantineAnswer
        {
            Done = true,
            Messages = [message.Message],
            Headers = headers.Lines,
            Body = body,
            Parts = Outline(message),
            States = await StatesAsync([message.Message], ct),
        };

        (ImmutableArray<string> Lines, bool Whole) Lines(int room, int most, bool toEmptyLine)
        {
            var lines = ImmutableArray.CreateBuilder<string>();
            while (lines.Count < most && room > 0 && reader.ReadLine() is { } line)
            {
                if (toEmptyLine && line.Length == 0)
                    return (lines.ToImmutable(), true);
                lines.Add(line.Length > room ? line[..room] : line);
                room -= line.Length;
            }

            return (lines.ToImmutable(), false);
        }
    }

    private ImmutableArray<string> Outline(StoredMessage message)
    {
        using var reader = new StreamReader(store.Open(message), System.Text.Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
        var outline = new MessageOutline();
        while (reader.ReadLine() is { } line)
            outline.Add(line);
        return outline.End();
    }

    // Only one of all that try gets as far as doing it.
    private async Task<QuarantineAnswer> OnceAsync(QuarantineId id, StoredMessage message, QuarantineRequest request, CancellationToken ct)
    {
        foreach (var to in request.To)
            if (!EnvelopeAddress.TryParse(to, out _))
                return QuarantineAnswer.No($"'{StrangerText.Of(to, 100)}' is no e-mail address.");
        using var ledger = await QuarantineLedger.OpenAsync(machine, patience, ct);
        var (claim, refusal) = AsksRegistry
            ? await ClaimAsync(ledger, id, request, ct)
            : (null, await OwnRefusalAsync(ledger, id, request, ct));
        if (refusal is not null)
            return QuarantineAnswer.No(refusal);
        var own = await ledger.ReadAsync(id, ct);
        var begun = new LocalClaim
        {
            Action = request.Action,
            At = claim?.At ?? clock.GetUtcNow(),
            Done = false,
            Claimed = claim is not null,
            Untold = AsksRegistry && claim is null,
            By = request.By,
        };
        string detail;
        try
        {
            await ledger.WriteAsync(id, begun, ct);
            detail = await DoAsync(ledger, id, message, request, ct);
        }
        catch (UnknownEndException e)
        {
            // It stays begun, here and in the registry, so that nobody does it again unless he says so.
            return QuarantineAnswer.Failed(e.Message);
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            // Nothing came of it, so everybody may try again.
            if (own is null)
                await ledger.RemoveAsync(id, CancellationToken.None);
            else
                await ledger.WriteAsync(id, own, CancellationToken.None);
            if (claim is not null)
                await SettleAsync(claim, false, "");
            if (e is OperationCanceledException)
                throw;
            return QuarantineAnswer.Failed(e.Message);
        }

        // From here on it has happened, whatever becomes of this program.
        var done = begun with
        {
            Done = true,
            Untold = AsksRegistry,
        };
        await ledger.WriteAsync(id, done, CancellationToken.None);
        if (claim is null)
            return QuarantineAnswer.Ok(detail);
        if (!await SettleAsync(claim, true, request.By.Length == 0 ? detail : $"{detail} Wanted by {request.By}."))
            return QuarantineAnswer.Ok($"{detail} The registry could not be told yet; until it is, others see it as begun.");
        await ledger.WriteAsync(id, done with { Untold = false }, CancellationToken.None);
        return QuarantineAnswer.Ok(detail);
    }

    private async Task<string> DoAsync(
        QuarantineLedger ledger,
        QuarantineId id,
        StoredMessage message,
        QuarantineRequest request,
        CancellationToken ct
    )
    {
        if (request.Action == "delete")
        {
            QuarantineStore.Delete(message);
            return $"{id} is deleted.";
        }

        var to = request.To.IsEmpty
            ? message.Message.Recipients
            : [.. request.To.Select(t => EnvelopeAddress.TryParse(t, out var address) ? address : t)];
        await Reinjection.RunAsync(machine, store, message, ledger.NewOutgoing(id), name, to, ct);
        var more = to.Length > 5 ? string.Create(CultureInfo.InvariantCulture, $" and {to.Length - 5} more") : "";
        return $"{id} is released by {name} to {StrangerText.Of(string.Join(", ", to.Take(5)), 400)}{more}.";
    }

    private static async Task<string?> OwnRefusalAsync(
        QuarantineLedger ledger,
        QuarantineId id,
        QuarantineRequest request,
        CancellationToken ct
    ) => (await ledger.ReadAsync(id, ct))?.Refusal(request.Action, request.Again, id.ToString());

    private async Task<(MessageClaim? Claim, string? Refusal)> ClaimAsync(
        QuarantineLedger ledger,
        QuarantineId id,
        QuarantineRequest request,
        CancellationToken ct
    )
    {
        try
        {
            // What was done while the registry was away is told first, or another would be granted it. Of what it was not told, it cannot
            // judge.
            await QuarantineDuty.TellAsync(ledger, me!.Number, registry!, ct);
            if (
                await ledger.ReadAsync(id, ct) is { Untold: true } own
                && own.Refusal(request.Action, request.Again, id.ToString()) is { } refusal
            )
                return (null, refusal);
            var claim = await registry!.ClaimMessageAsync(id.ToString(), request.Action, request.Again, null, ct);
            return claim.Granted ? (claim, null) : (null, Words(claim, id));
        }
        catch (RegistryUnreachableException e)
        {
            if (id.Node == me!.Number)
                return (null, await OwnRefusalAsync(ledger, id, request, ct));
            return (
                null,
                $"the registry is away, so nobody can tell whether another member does the same with {id} right now. Wait until it is "
                    + $"back, or do it on the node that took the message (number {id.Node}), which may.\n{e.Message}"
            );
        }
    }

    private static string Words(MessageClaim claim, QuarantineId id)
    {
        var when = string.Create(CultureInfo.InvariantCulture, $"{claim.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        return (claim.Action, claim.Done, claim.Overdue) switch
        {
            ("delete", true, _) => $"{id} was deleted on {claim.NodeName} at {when}.",
            (_, true, _) => $"{id} was released by {claim.NodeName} at {when}. To release it once more, add --again.",
            (var action, _, false) => $"{claim.NodeName} is about to {action} {id} since {when}; wait until that is done.",
            (var action, _, _) =>
                $"{claim.NodeName} began to {action} {id} at {when} and never said how that ended: whether it was delivered is not known "
                    + $"(look for P=gatehouse-release in its /var/log/exim4/mainlog). With --again it is released now, and its recipients "
                    + $"may get it twice.",
        };
    }

    // A claim that is not settled keeps others from doing it again, which is the safe side.
    private async Task<bool> SettleAsync(MessageClaim claim, bool done, string detail)
    {
        try
        {
            return await registry!.SettleMessageAsync(claim, done, detail, CancellationToken.None);
        }
        catch (RegistryException)
        {
            return false;
        }
    }
}
