using System.Collections.Immutable;

namespace Gatehouse.Core.Logs;

/// <summary>Which messages somebody looks for in the log; a text is found anywhere in an address, in capitals or not.</summary>
/// <param name="Sender">A part of the sender.</param>
/// <param name="Recipient">A part of a recipient.</param>
/// <param name="Until">The last moment; null for none.</param>
public sealed record MailFilter(string? Sender = null, string? Recipient = null, DateTimeOffset? Until = null)
{
    /// <summary>Whether addresses are looked for at all.</summary>
    public bool HasAddress => Sender is not null || Recipient is not null;

    /// <summary>The texts that a line has to hold one of to be worth a look.</summary>
    public ImmutableArray<string> Words => [.. new[] { Sender, Recipient }.OfType<string>()];

    /// <summary>Whether a text can be looked for: a part of an address.</summary>
    public static bool IsWord(string text) => text.Length is >= 1 and <= 250 && text.All(c => c is >= ' ' and not '\x7f');

    /// <summary>
    /// The lines that are meant: of a message, all that the lines say together counts, because sender and recipients stand on several.
    /// A line about no message, such as a refused recipient, counts alone.
    /// </summary>
    /// <typeparam name="T">A line with what the caller knows of it.</typeparam>
    /// <param name="lines">Lines that hold one of <see cref="Words"/>.</param>
    /// <param name="text">The text of one.</param>
    /// <param name="key">What tells lines of different nodes apart.</param>
    /// <returns>The ids of messages that match, and lines about no message that do.</returns>
    public (ImmutableArray<string> Ids, ImmutableArray<T> Lines) Select<T>(IEnumerable<T> lines, Func<T, string> text, Func<T, int> key)
    {
        var messages = new Dictionary<(int, string), (bool Sender, bool Recipient)>();
        var alone = ImmutableArray.CreateBuilder<T>();
        foreach (var line in lines)
        {
            var (isFrom, isTo) = Matches(text(line));
            if (MessageTrail.IdOf(text(line)) is { } id)
            {
                var known = messages.GetValueOrDefault((key(line), id));
                messages[(key(line), id)] = (known.Sender || isFrom, known.Recipient || isTo);
            }
            else if (isFrom && isTo)
            {
                alone.Add(line);
            }
        }

        return (
            [
                .. messages
                    .Where(m => m.Value is { Sender: true, Recipient: true })
                    .Select(m => m.Key.Item2)
                    .Distinct(StringComparer.Ordinal),
            ],
            alone.ToImmutable()
        );
    }

    private (bool Sender, bool Recipient) Matches(string text) =>
        (
            Sender is null || (MessageTrail.SenderOf(text) is { } sender && Holds(sender, Sender)),
            Recipient is null || MessageTrail.RecipientsOf(text).Any(r => Holds(r, Recipient))
        );

    private static bool Holds(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
