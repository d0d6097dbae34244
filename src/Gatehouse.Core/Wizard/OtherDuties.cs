using System.Collections.Immutable;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Wizard;

/// <summary>
/// What a cluster's nodes of other duties are to have in common is asked on any of them, and judged as on a node that has them all; files
/// that it names are on those nodes.
/// </summary>
internal static class OtherDuties
{
    // Files and secrets that only nodes with the duty have.
    private static readonly ImmutableArray<string> Elsewhere = ["file-missing", "sealed-missing"];

    /// <summary>Judges what this node's profile does not need.</summary>
    /// <param name="screens">What is asked.</param>
    /// <param name="profile">This node's profile.</param>
    /// <param name="answers">The answers so far.</param>
    /// <param name="inputs">What they name outside themselves.</param>
    /// <param name="report">Takes what is wrong with them.</param>
    /// <returns>The values as a node with all duties has them; null where this node has all.</returns>
    public static ValueSet? Judge(ScreenSet screens, Profile profile, Answers answers, Inputs inputs, Report report)
    {
        if (screens.Fields.All(f => screens.Serves(f, profile)))
            return null;
        var found = new Report();
        var everywhere = answers with
        {
            Values = answers.Values.SetItem("system.profile", new Scalar(new Origin("setup", 1, 1), "full", true)),
        };
        Resolver.Resolve(screens, everywhere, inputs, found, out var values);
        report.AddRange(
            found.Where(f =>
                !Elsewhere.Contains(f.Code)
                && screens.Fields.FirstOrDefault(x => x.Path == f.Path || f.Path.StartsWith($"{x.Path}[", StringComparison.Ordinal))
                    is { Scope: FieldScope.Cluster } field
                && !screens.Serves(field, profile)
            )
        );
        return values;
    }
}
