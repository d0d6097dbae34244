using System.Collections.Immutable;
using System.Text.Json;

namespace Gatehouse.Core.Quarantine;

/// <summary>Something to be done with messages in quarantine, on this node or on another.</summary>
public sealed record QuarantineRequest
{
    /// <summary>list, show, release, learn-ham, learn-spam or delete.</summary>
    public required string Action { get; init; }

    /// <summary>The message; empty for a list.</summary>
    public string Id { get; init; } = "";

    /// <summary>Whom to release it to; empty for its own recipients.</summary>
    public ImmutableArray<string> To { get; init; } = [];

    /// <summary>Whether to do what may have been done before.</summary>
    public bool Again { get; init; }

    /// <summary>The person who wants it; empty when an older release asks.</summary>
    public string By { get; init; } = "";

    /// <summary>Whether the beginning of the message's text is shown as well as its header.</summary>
    public bool Body { get; init; }

    /// <summary>Which messages a list names.</summary>
    public QuarantineFilter Filter { get; init; } = new();

    /// <summary>The most messages of a list; the newest are taken.</summary>
    public int Most { get; init; } = 200;
}

/// <summary>What came of a request.</summary>
public sealed record QuarantineAnswer
{
    /// <summary>The longest answer that is sent to another node, in characters; the registry keeps no longer ones.</summary>
    public const int MostCharacters = 56_000;

    /// <summary>Whether it was done.</summary>
    public required bool Done { get; init; }

    /// <summary>Whether it was refused before anything was changed.</summary>
    public bool Refused { get; init; }

    /// <summary>What happened, or why it did not.</summary>
    public string Message { get; init; } = "";

    /// <summary>The messages of a list, newest first.</summary>
    public ImmutableArray<QuarantinedMessage> Messages { get; init; } = [];

    /// <summary>Whether there are more than were asked for.</summary>
    public bool More { get; init; }

    /// <summary>The header lines of the message that is shown.</summary>
    public ImmutableArray<string> Headers { get; init; } = [];

    /// <summary>The beginning of the body of the message that is shown, as it came; empty when it was not asked for.</summary>
    public ImmutableArray<string> Body { get; init; } = [];

    /// <summary>The parts of the message that is shown.</summary>
    public ImmutableArray<string> Parts { get; init; } = [];

    /// <summary>What this node did with messages of the answer; of others nothing was done here.</summary>
    public ImmutableArray<MessageState> States { get; init; } = [];

    /// <summary>The answer as text that is short enough to be sent: of a list, as many of the newest messages as fit.</summary>
    public string Fit()
    {
        var text = JsonSerializer.Serialize(this, QuarantineWire.Default.QuarantineAnswer);
        if (text.Length <= MostCharacters)
            return text;
        // Between these, the longest list that fits.
        var (fits, beyond) = (0, Messages.Length);
        while (beyond - fits > 1)
        {
            var middle = (fits + beyond) / 2;
            if (Shortened(middle).Length <= MostCharacters)
                fits = middle;
            else
                beyond = middle;
        }

        return fits > 0
            ? Shortened(fits)
            : JsonSerializer.Serialize(
                Failed("the answer is too long to be sent; look on the node itself"),
                QuarantineWire.Default.QuarantineAnswer
            );

        string Shortened(int count)
        {
            var messages = Messages[..count];
            return JsonSerializer.Serialize(
                this with
                {
                    Messages = messages,
                    More = true,
                    States = [.. States.Where(s => messages.Any(m => m.Id.ToString() == s.Id))],
                },
                QuarantineWire.Default.QuarantineAnswer
            );
        }
    }

    /// <summary>Something was done.</summary>
    public static QuarantineAnswer Ok(string message) => new() { Done = true, Message = message };

    /// <summary>Nothing was changed.</summary>
    public static QuarantineAnswer No(string message) =>
        new()
        {
            Done = false,
            Refused = true,
            Message = message,
        };

    /// <summary>It was tried, and failed.</summary>
    public static QuarantineAnswer Failed(string message) => new() { Done = false, Message = message };
}

/// <summary>What a node wrote down of what it did with a message, beside what the registry knows.</summary>
public sealed record LocalClaim
{
    /// <summary>release or delete.</summary>
    public required string Action { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether it came to its end.</summary>
    public required bool Done { get; init; }

    /// <summary>Whether the registry had granted it, at the moment that <see cref="At"/> is.</summary>
    public bool Claimed { get; init; }

    /// <summary>Whether the registry has to be told yet, which was away when it was begun or when it was done.</summary>
    public bool Untold { get; init; }

    /// <summary>The person who wanted it; empty when that is not known.</summary>
    public string By { get; init; } = "";

    /// <summary>Whether it may be done, with nobody but this node to ask.</summary>
    /// <param name="action">release or delete.</param>
    /// <param name="again">Whether the administrator wants it though it may have been done.</param>
    /// <param name="id">The message's name, for the words.</param>
    /// <returns>Why not; null when it may.</returns>
    public string? Refusal(string action, bool again, string id) =>
        (Action, Done, action) switch
        {
            (_, _, "delete") => null,
            ("delete", _, _) => $"{id} was deleted here{Person} at {At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.",
            (_, _, _) when again => null,
            (_, true, _) =>
                $"{id} was released here{Person} at {At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC. To release it once more, add --again.",
            _ => $"a release of {id} was begun here at {At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC and cut off: whether it was delivered is "
                + $"not known (look for its id in /var/log/exim4/mainlog). With --again it is released now, and its recipients may get "
                + $"it twice.",
        };

    private string Person => By.Length == 0 ? "" : $" by {By}";
}
