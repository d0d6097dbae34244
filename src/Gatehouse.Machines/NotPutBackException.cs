using Gatehouse.Core.Planning;

namespace Gatehouse.Machines;

/// <summary>An apply that was cut off could not be put back: the host is neither as it was nor as it was to be.</summary>
public sealed class NotPutBackException : MachineException
{
    /// <summary>Says what failed, and names the way on.</summary>
    /// <param name="generation">The one that was cut off.</param>
    /// <param name="inner">What failed.</param>
    public NotPutBackException(Generation generation, MachineException inner)
        : base(
            $"Generation {generation.Number} was interrupted earlier and could not be rolled back: {inner.Message}\nFix this "
                + "and run 'gatehouse rollback --interrupted'.",
            inner
        ) => Generation = generation;

    /// <summary>The generation that was cut off.</summary>
    public Generation Generation { get; }
}
