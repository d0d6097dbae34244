using System.Collections.Immutable;

namespace Gatehouse.Core.Logs;

/// <summary>
/// Collects the ids of messages that belong together, line by line: a message, what was released of it, its bounces, and the copies that
/// the next nodes took. What only shares a Message-ID is kept apart, because its sender chooses that.
/// </summary>
public sealed class MessageSearch
{
    private const int MostMessages = 500;
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);
    private readonly HashSet<string> own = new(StringComparer.Ordinal);
    private readonly HashSet<string> shared = new(StringComparer.Ordinal);
    private readonly HashSet<string> messageIds = new(StringComparer.Ordinal);
    private readonly HashSet<string> typedMessageIds = new(StringComparer.Ordinal);
    private readonly List<string> waiting = [];

    /// <summary>A search from ids that somebody typed, or that other lines named.</summary>
    /// <param name="ids">Ids of Exim, and Message-IDs.</param>
    public MessageSearch(IEnumerable<string> ids)
    {
        foreach (var id in ids)
        {
            if (MessageTrail.IsEximId(id))
                Own(id);
            else if (typedMessageIds.Add(id))
                waiting.Add(id);
        }
    }

    /// <summary>Whether there were more messages than are followed.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Ids that were not looked for yet, as many as one question takes; none when all is found.</summary>
    public ImmutableArray<string> Next()
    {
        // Message-IDs come last: by then it is known which messages are followed for a better reason.
        if (waiting.Count == 0)
            waiting.AddRange(messageIds.Where(asked.Add));
        ImmutableArray<string> next = [.. waiting.Take(LogQuery.MostIds)];
        waiting.RemoveRange(0, next.Length);
        asked.UnionWith(next);
        return next;
    }

    /// <summary>Learns from a line that holds one of the ids.</summary>
    public void Take(string text)
    {
        if (MessageTrail.IdOf(text) is not { } id)
            return;
        if (MessageTrail.ReferenceOf(text) is { } reference && (own.Contains(id) || own.Contains(reference)))
        {
            Own(reference);
            Own(id);
        }

        var messageId = MessageTrail.MessageIdOf(text);
        if (messageId is not null && typedMessageIds.Contains(messageId))
            Own(id);
        if (own.Contains(id))
        {
            if (messageId is not null && LogQuery.IsId(messageId) && !typedMessageIds.Contains(messageId))
                messageIds.Add(messageId);
            if (MessageTrail.NextIdOf(text) is { } next)
                Own(next);
        }
        else if (messageId is not null && messageIds.Contains(messageId) && shared.Add(id))
        {
            waiting.Add(id);
        }
        else if (MessageTrail.NextIdOf(text) is { } copy && own.Contains(copy))
        {
            Own(id);
        }
    }

    /// <summary>Whether a line is about a message that is followed; false for one that only shares a Message-ID with it.</summary>
    public bool IsOwn(string text) => MessageTrail.IdOf(text) is not { } id || own.Contains(id) || !shared.Contains(id);

    /// <summary>Whether a line is shown: it is about one of the messages, or it is no line about a message and holds what was
    /// typed.</summary>
    public bool IsPart(string text) =>
        MessageTrail.IdOf(text) is not { } id
        || own.Contains(id)
        || shared.Contains(id)
        || typedMessageIds.Any(m => text.Contains(m, StringComparison.Ordinal));

    private void Own(string id)
    {
        if (own.Count >= MostMessages && !own.Contains(id))
            IsCut = true;
        else if (own.Add(id) && !asked.Contains(id))
            waiting.Add(id);
    }
}
