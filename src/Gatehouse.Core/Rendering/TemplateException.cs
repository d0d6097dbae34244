namespace Gatehouse.Core.Rendering;

/// <summary>A template cannot be rendered: it names a value that does not exist, or would write one that needs quoting. The template's
/// fault, not the answers'.</summary>
public sealed class TemplateException : Exception
{
    /// <summary>Says which template and why.</summary>
    public TemplateException(string message, Exception? inner = null)
        : base(message, inner) { }
}
