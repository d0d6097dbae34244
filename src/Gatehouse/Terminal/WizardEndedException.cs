using Gatehouse.Machines;

namespace Gatehouse.Terminal;

/// <summary>The wizard has to end now, for a reason outside of it.</summary>
/// <param name="reason">Why, for the operator.</param>
/// <param name="isGone">Whether the terminal is gone, so that nobody is there any more who could have meant it.</param>
/// <param name="result">How the apply ended that was under way; null when none was.</param>
internal sealed class WizardEndedException(string reason, bool isGone = false, ApplyResult? result = null) : Exception(reason)
{
    /// <summary>How the apply ended that was under way; null when none was.</summary>
    public ApplyResult? Result { get; } = result;

    /// <summary>Whether the terminal is gone.</summary>
    public bool IsGone { get; } = isGone;
}
