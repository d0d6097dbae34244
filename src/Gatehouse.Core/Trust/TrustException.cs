namespace Gatehouse.Core.Trust;

/// <summary>Something may not be certified, sealed or trusted as asked; the message says why and what to do. Never holds a
/// secret.</summary>
public sealed class TrustException : Exception
{
    /// <summary>With what is wrong and what to do.</summary>
    public TrustException(string message)
        : base(message) { }

    /// <summary>With what is wrong, what to do, and the cause.</summary>
    public TrustException(string message, Exception inner)
        : base(message, inner) { }
}
