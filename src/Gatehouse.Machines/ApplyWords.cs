using Gatehouse.Core.Planning;

namespace Gatehouse.Machines;

/// <summary>The line that the journal gets for a change of the host.</summary>
internal static class ApplyWords
{
    /// <summary>How a change ended; empty when there was none.</summary>
    public static string Of(ApplyResult result, string reason, string by) =>
        result.Outcome switch
        {
            Outcome.Nothing => "",
            Outcome.Applied =>
                $"{Begin(reason, by)}: generation {result.Generation!.Number} is in place and verified, {Count(result.Generation)}",
            Outcome.Refused => $"{Begin(reason, by)}: refused before any change: {First(result.Problem)}",
            Outcome.RolledBack =>
                $"{Begin(reason, by)}: generation {result.Generation?.Number} failed and was rolled back: {First(result.Problem)}",
            _ => $"{Begin(reason, by)}: failed, and the rollback failed as well: {First(result.Problem)}",
        };

    /// <summary>That a change was cancelled.</summary>
    public static string OfCancelled(string reason, string by, string how) =>
        $"{Begin(reason, by)}: {(how.StartsWith("cancelled", StringComparison.Ordinal) ? how : "cancelled")}";

    private static string Begin(string reason, string by) => by.Length > 0 ? $"{reason} by {by}" : reason;

    private static string Count(Generation generation) =>
        $"{generation.Summary.Length} {(generation.Summary.Length == 1 ? "change" : "changes")}";

    private static string First(string text) => text.Split('\n')[0];
}
