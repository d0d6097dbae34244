namespace Gatehouse.Core.Reports;

/// <summary>Where a value was written: file name as given, line and column counted from 1.</summary>
public sealed record Origin(string File, int Line, int Column)
{
    /// <summary>The form editors and compilers use: <c>file:line:column</c>.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}";
}
