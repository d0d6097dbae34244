using System.Collections.Immutable;

namespace Gatehouse.Core.Planning;

/// <summary>Where a rollback without a number goes.</summary>
public static class RollbackTarget
{
    /// <summary>
    /// The state before the generation in force: the hand edits that it replaced, or the generation before it, or the host
    /// before Gatehouse. Null when there is none.
    /// </summary>
    /// <param name="all">All generations, oldest first.</param>
    public static Generation? Before(ImmutableArray<Generation> all) =>
        all.LastOrDefault(g => g.IsGood) is { } current
            ? all.LastOrDefault(g => g.IsTarget && g.Number < current.Number)
            : all.FirstOrDefault(g => g.Number == 0);
}
