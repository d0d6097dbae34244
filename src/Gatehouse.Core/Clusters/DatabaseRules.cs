namespace Gatehouse.Core.Clusters;

/// <summary>A copy of the registry's database, as Patroni sees it.</summary>
/// <param name="Name">The name of its node.</param>
/// <param name="IsPrimary">Whether it is the one that takes writes.</param>
/// <param name="IsInSync">Whether what the primary has written is on it before a writer is told so.</param>
/// <param name="IsRunning">Whether it answers.</param>
/// <param name="NeedsRestart">Whether a change of its configuration waits for a restart of PostgreSQL.</param>
/// <param name="State">Patroni's word for what it does.</param>
public sealed record DatabaseCopy(string Name, bool IsPrimary, bool IsInSync, bool IsRunning, bool NeedsRestart, string State = "");

/// <summary>What a copy does so that a restart of it takes the registry from nobody.</summary>
/// <param name="Restart">Whether PostgreSQL is restarted here now.</param>
/// <param name="SwitchTo">The node that is to take writes first; null when none is.</param>
/// <param name="Why">Why neither is done yet; empty otherwise.</param>
public sealed record DatabaseStep(bool Restart, string? SwitchTo = null, string Why = "");

/// <summary>In which order copies of the registry's database may go away for a moment.</summary>
public static class DatabaseRules
{
    /// <summary>What a copy does next about a restart that it needs.</summary>
    /// <param name="copies">All copies.</param>
    /// <param name="name">The name of its node.</param>
    public static DatabaseStep Next(IReadOnlyCollection<DatabaseCopy> copies, string name)
    {
        if (copies.FirstOrDefault(c => c.Name == name) is not { NeedsRestart: true } own)
            return new DatabaseStep(false);
        // Without another copy nobody could take over; the moment is unavoidable.
        if (!own.IsPrimary || copies.Count == 1)
            return new DatabaseStep(true);
        // One that still has to be restarted would hand the duty on right away.
        return Successor(copies.Where(c => !c.NeedsRestart), name) is { } other
            ? new DatabaseStep(true, other.Name)
            : new DatabaseStep(false, Why: "no other copy is in sync and has been restarted");
    }

    /// <summary>The copy that may take writes instead of a node's; null when none is in sync.</summary>
    /// <param name="copies">The copies.</param>
    /// <param name="name">The name of the node that has the duty now.</param>
    public static DatabaseCopy? Successor(IEnumerable<DatabaseCopy> copies, string name) =>
        copies.FirstOrDefault(c => c.Name != name && c is { IsInSync: true, IsRunning: true });
}
