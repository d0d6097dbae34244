using System.Collections;

namespace Gatehouse.Core.Reports;

/// <summary>All findings of one run, in the order of the file they are about.</summary>
public sealed class Report : IReadOnlyCollection<Finding>
{
    private readonly List<Finding> findings = [];

    /// <summary>Whether anything stops the command.</summary>
    public bool HasErrors => findings.Exists(f => f.Severity == Severity.Error);

    /// <inheritdoc/>
    public int Count => findings.Count;

    /// <summary>Adds an error: nothing is written while it stands.</summary>
    public void Error(string code, string path, string message, Origin? origin = null) =>
        findings.Add(new Finding(Severity.Error, code, path, message, origin));

    /// <summary>Adds a warning.</summary>
    public void Warn(string code, string path, string message, Origin? origin = null) =>
        findings.Add(new Finding(Severity.Warning, code, path, message, origin));

    /// <summary>Adds a finding.</summary>
    public void Add(Finding finding) => findings.Add(finding);

    /// <summary>Takes over the findings of another report.</summary>
    public void AddRange(IEnumerable<Finding> others) => findings.AddRange(others);

    /// <inheritdoc/>
    public IEnumerator<Finding> GetEnumerator() =>
        findings
            .OrderBy(f => f.Origin?.File, StringComparer.Ordinal)
            .ThenBy(f => f.Origin?.Line ?? int.MaxValue)
            .ThenBy(f => f.Origin?.Column ?? 0)
            .GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
