using System.Collections.Immutable;

namespace Gatehouse.Core.Planning;

/// <summary>What will change, in order.</summary>
/// <param name="Steps">All steps, by phase.</param>
public sealed record Plan(ImmutableArray<Step> Steps)
{
    /// <summary>Whether nothing would change.</summary>
    public bool IsEmpty => Steps.IsEmpty;

    /// <summary>The steps of a phase.</summary>
    public IEnumerable<Step> In(Phase phase) => Steps.Where(s => s.Phase == phase);

    /// <summary>The steps of a type.</summary>
    public IEnumerable<T> Of<T>()
        where T : Step => Steps.OfType<T>();
}
