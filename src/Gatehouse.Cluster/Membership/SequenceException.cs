namespace Gatehouse.Cluster.Membership;

/// <summary>A sequence could not go on. Run again, it goes on where it stopped.</summary>
/// <param name="code">The exit code.</param>
/// <param name="message">What is wrong, where, and what to do next.</param>
/// <param name="inner">The cause.</param>
internal sealed class SequenceException(int code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The exit code.</summary>
    public int Code { get; } = code;
}
