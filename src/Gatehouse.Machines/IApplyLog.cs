using Gatehouse.Core.Planning;

namespace Gatehouse.Machines;

/// <summary>Hears how an apply goes.</summary>
public interface IApplyLog
{
    /// <summary>A phase begins.</summary>
    void Begin(Phase phase, int steps);

    /// <summary>A step is done.</summary>
    /// <param name="step">Which.</param>
    /// <param name="passed">Whether it succeeded.</param>
    /// <param name="detail">What came of it.</param>
    /// <param name="took">How long it took.</param>
    void Done(Step step, bool passed, string detail, TimeSpan took);

    /// <summary>A verification could find out nothing, which is neither a success nor a failure.</summary>
    /// <param name="step">Which.</param>
    /// <param name="detail">Why.</param>
    void Unknown(Step step, string detail);

    /// <summary>A line that a running command printed.</summary>
    void Line(string text);

    /// <summary>A remark outside any step.</summary>
    void Note(string text);
}
