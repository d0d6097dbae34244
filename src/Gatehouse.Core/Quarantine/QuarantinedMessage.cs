using System.Collections.Immutable;
using System.Globalization;

namespace Gatehouse.Core.Quarantine;

/// <summary>A message in quarantine, as the file beside it describes it. Every text in it may come from a stranger.</summary>
public sealed record QuarantinedMessage
{
    /// <summary>The number of the node that took it.</summary>
    public required int Node { get; init; }

    /// <summary>Exim's message id there.</summary>
    public required string Message { get; init; }

    /// <summary>Why: virus, spam or high-spam.</summary>
    public required string Verdict { get; init; }

    /// <summary>More of why: the name of the virus, or the score in words.</summary>
    public required string Reason { get; init; }

    /// <summary>The scanner's score; 0 when it was not asked.</summary>
    public required decimal Score { get; init; }

    /// <summary>When it was taken.</summary>
    public required DateTimeOffset Received { get; init; }

    /// <summary>Its size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The address that it came from.</summary>
    public required string Client { get; init; }

    /// <summary>What that host called itself.</summary>
    public required string Helo { get; init; }

    /// <summary>Its From header.</summary>
    public required string From { get; init; }

    /// <summary>Its Subject header.</summary>
    public required string Subject { get; init; }

    /// <summary>Whether it came from a relay network, so that it is signed when it is released.</summary>
    public bool IsOurs { get; init; }

    /// <summary>The envelope's sender; empty for a bounce.</summary>
    public required string Sender { get; init; }

    /// <summary>The envelope's recipients.</summary>
    public required ImmutableArray<string> Recipients { get; init; }

    /// <summary>Its name.</summary>
    public QuarantineId Id => new(Node, Message);

    /// <summary>
    /// Reads a description: lines <c>name: value</c>, then <c>envelope:</c>, then sender and recipients, a line each. Null when
    /// it is none, or not all of it.
    /// </summary>
    /// <param name="id">The message's name, by where it lies; what the text says of that is not believed.</param>
    /// <param name="text">The description.</param>
    public static QuarantinedMessage? Read(QuarantineId id, string text)
    {
        var lines = text.Split('\n');
        var envelope = Array.IndexOf(lines, "envelope:");
        if (envelope < 1 || envelope + 2 > lines.Length || lines[0] != "gatehouse-quarantine: 1")
            return null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines[1..envelope])
            if (line.Split(": ", 2) is [var name, var value])
                values.TryAdd(name, value);
        var recipients = lines[(envelope + 2)..].Where(r => r.Length > 0).Select(EnvelopeAddress.FromStored).ToImmutableArray();
        if (recipients.IsEmpty)
            return null;
        return new QuarantinedMessage
        {
            Node = id.Node,
            Message = id.Message,
            Verdict = values.GetValueOrDefault("verdict", ""),
            Reason = values.GetValueOrDefault("reason", ""),
            Score = decimal.TryParse(values.GetValueOrDefault("score"), NumberStyles.Float, CultureInfo.InvariantCulture, out var score)
                ? score
                : 0,
            Received =
                long.TryParse(values.GetValueOrDefault("received"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                && seconds < MostSeconds
                    ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                    : DateTimeOffset.UnixEpoch,
            Size = long.TryParse(values.GetValueOrDefault("size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                ? size
                : 0,
            Client = values.GetValueOrDefault("client", ""),
            Helo = values.GetValueOrDefault("helo", ""),
            From = values.GetValueOrDefault("from", "").Trim(),
            Subject = values.GetValueOrDefault("subject", "").Trim(),
            IsOurs = values.GetValueOrDefault("ours") == "yes",
            Sender = lines[envelope + 1],
            Recipients = recipients,
        };
    }

    /// <summary>One of the parts that a message with very many recipients is filed in, together with another.</summary>
    /// <param name="other">The other part.</param>
    public QuarantinedMessage With(QuarantinedMessage other) =>
        this with
        {
            Recipients = [.. Recipients.Union(other.Recipients, StringComparer.Ordinal)],
        };

    // The end of the year 9999.
    private const long MostSeconds = 253402300800;
}

/// <summary>Which messages are meant; all when nothing is said.</summary>
/// <param name="Sender">A part of the envelope's sender or of the From header.</param>
/// <param name="Recipient">A part of a recipient.</param>
/// <param name="Reason">A part of the verdict or of the reason.</param>
/// <param name="Since">Taken then or later.</param>
public sealed record QuarantineFilter(string? Sender = null, string? Recipient = null, string? Reason = null, DateTimeOffset? Since = null)
{
    /// <summary>Whether a message is meant.</summary>
    public bool Matches(QuarantinedMessage message) =>
        (Sender is null || Holds(message.Sender, Sender) || Holds(message.From, Sender))
        && (Recipient is null || message.Recipients.Any(r => Holds(r, Recipient)))
        && (Reason is null || Holds(message.Verdict, Reason) || Holds(message.Reason, Reason))
        && (Since is null || message.Received >= Since);

    private static bool Holds(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
