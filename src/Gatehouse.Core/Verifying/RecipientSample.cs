using System.Collections.Immutable;

namespace Gatehouse.Core.Verifying;

/// <summary>Recipients to try against a file of recipients: one that it holds, and one that it does not.</summary>
public static class RecipientSample
{
    private const string Nobody = "gatehouse-nobody";

    /// <summary>Recipients of some domains with the expected replies.</summary>
    /// <param name="list">The text of the file: an address or <c>*@domain</c> on each line.</param>
    /// <param name="domains">The domains.</param>
    public static ImmutableArray<Ask> Of(string list, IEnumerable<string> domains)
    {
        var keys = list.Split('\n')
            .Select(l => l.Trim())
            .Where(l => l.Length > 0 && l[0] != '#')
            .Select(l => l.Split([':', ' ', '\t'], 2)[0].Trim().Trim('"'))
            .ToArray();
        var asks = ImmutableArray.CreateBuilder<Ask>();
        foreach (var domain in domains)
        {
            var own = keys.Where(k => k.EndsWith("@" + domain, StringComparison.OrdinalIgnoreCase)).ToArray();
            var takesAll = keys.Contains("*") || own.Any(k => k.StartsWith("*@", StringComparison.Ordinal));
            if (own.FirstOrDefault(k => !k.StartsWith("*@", StringComparison.Ordinal)) is { } listed)
                asks.Add(new Ask(listed, Expectation.Accepted));
            asks.Add(new Ask($"{Nobody}@{domain}", takesAll ? Expectation.Accepted : Expectation.Unlisted));
        }

        return asks.ToImmutable();
    }
}
