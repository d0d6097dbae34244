using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Verifying;

/// <summary>How a gateway is to reply to a recipient.</summary>
public enum Expectation
{
    /// <summary>It accepts the recipient.</summary>
    Accepted,

    /// <summary>It refuses the recipient for good, because it does not relay.</summary>
    Refused,

    /// <summary>It refuses the recipient for good, because the list of recipients does not hold it.</summary>
    Unlisted,

    /// <summary>The destination decides; the gateway itself must not be the reason for a refusal.</summary>
    Destination,
}

/// <summary>A recipient and the expected reply.</summary>
/// <param name="Address">The recipient.</param>
/// <param name="Expectation">How the gateway is to reply.</param>
public sealed record Ask(string Address, Expectation Expectation)
{
    // Replies that the gateway gives for reasons of its own, whatever the destination says.
    private const RegexOptions Loose = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;
    private const string OwnFault =
        @"^451 .*local problem|temporary internal error|configuration error|administrative prohibition|restricted characters";
    private const string NoRelay = "relay not permitted|relaying denied";

    /// <summary>What is wrong with a reply; null when it is as expected.</summary>
    /// <param name="code">The reply's code.</param>
    /// <param name="text">The whole reply.</param>
    /// <param name="blockLists">Whether DNS block lists are consulted, which may list the client.</param>
    public string? Judge(int code, string text, bool blockLists)
    {
        var isOwnFault = Regex.IsMatch(text, OwnFault, Loose);
        if (
            blockLists
            && Expectation is not Expectation.Refused
            && code / 100 == 5
            && text.Contains(" is listed at ", StringComparison.Ordinal)
        )
            return null;
        var isRight = Expectation switch
        {
            Expectation.Accepted => code / 100 == 2,
            Expectation.Refused => code / 100 == 5,
            Expectation.Unlisted => code / 100 == 5 && !isOwnFault && !Regex.IsMatch(text, NoRelay, Loose),
            _ => code / 100 is 2 or 4 or 5 && !isOwnFault && !Regex.IsMatch(text, NoRelay, Loose),
        };
        return isRight ? null : $"mail to {Address} should be {Words}, but the reply is '{text.ReplaceLineEndings(" ").Trim()}'";
    }

    private string Words =>
        Expectation switch
        {
            Expectation.Accepted => "accepted",
            Expectation.Refused => "refused (relaying)",
            Expectation.Unlisted => "refused (not in the list of recipients)",
            _ => "left to its destination",
        };

    /// <summary>Several of them as lines of text.</summary>
    public static string Write(IEnumerable<Ask> asks) => string.Join('\n', asks.Select(a => $"{a.Address} {a.Expectation}"));

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static ImmutableArray<Ask> Read(string text) =>
        [
            .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => l.Split(' '))
                .Select(w => new Ask(w[0], Enum.Parse<Expectation>(w[1]))),
        ];
}
