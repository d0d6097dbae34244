namespace Gatehouse.Core.Reports;

/// <summary>How much a finding weighs: an error stops the command before anything is written.</summary>
public enum Severity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>Works, but is probably not what was meant.</summary>
    Warning,

    /// <summary>Nothing is done until this is mended.</summary>
    Error,
}

/// <summary>One message for the administrator.</summary>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Code">A stable name of the rule that was broken, such as <c>unknown-key</c>.</param>
/// <param name="Path">The answer it is about, such as <c>mta.domains[2].destination</c>.</param>
/// <param name="Message">What is wrong and what to write instead. Never holds a secret.</param>
/// <param name="Origin">Where the value was written, if it was written anywhere.</param>
public sealed record Finding(Severity Severity, string Code, string Path, string Message, Origin? Origin = null)
{
    /// <summary><c>file:line:column: severity code: text</c>.</summary>
    public override string ToString()
    {
        var place = Origin is null ? Path : Origin.ToString();
        return $"{place}: {SeverityName} {Code}: {Message}";
    }

    /// <summary>The severity as printed: <c>error</c>, <c>warning</c> or <c>info</c>.</summary>
    public string SeverityName =>
        Severity switch
        {
            Severity.Error => "error",
            Severity.Warning => "warning",
            _ => "info",
        };
}
