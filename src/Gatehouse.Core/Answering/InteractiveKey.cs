using System.Collections.Immutable;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Answering;

/// <summary>
/// The top-level key <c>interactive</c> of an answer file: which screens an operator is asked although the file answers them.
/// It is a list of screen ids, or <c>"*"</c> for all.
/// </summary>
public static class InteractiveKey
{
    /// <summary>The key as written.</summary>
    public const string Name = "interactive";

    /// <summary>What stands for every screen. YAML wants it in quotes.</summary>
    public const string Every = "*";

    /// <summary>What the key does, in words for the schema and the manual.</summary>
    internal const string Help =
        "The screens that 'gatehouse setup --answers FILE' asks; the others are taken as written. A list of sections, or \"*\" for all. "
        + "Every other command takes the whole file as written.";

    /// <summary>Reads the key's value.</summary>
    /// <param name="node">The value.</param>
    /// <param name="screens">Known ids.</param>
    /// <param name="report">Receives an error for every id that is unknown or given twice.</param>
    /// <returns>The ids in screen order, without those that were refused.</returns>
    internal static ImmutableArray<string> Read(Node node, ScreenSet screens, Report report)
    {
        var known = screens.Screens.Select(s => s.Id).ToImmutableArray();
        if (node is Scalar { IsNull: true })
            return [];
        if (node is Scalar { Text: Every })
            return known;
        if (node is not Sequence list)
        {
            report.Error(
                "wrong-type",
                Name,
                $"'{Name}' takes a list of sections, such as [{string.Join(", ", known.Take(2))}], or \"{Every}\" for all, found "
                    + $"{node.Describe()}.",
                node.Origin
            );
            return [];
        }

        var asked = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Items.Length; i++)
            Add(asked, $"{Name}[{i + 1}]", list.Items[i], known, report);
        return asked.Contains(Every) ? known : [.. known.Where(asked.Contains)];
    }

    private static void Add(HashSet<string> asked, string path, Node item, ImmutableArray<string> known, Report report)
    {
        if (item is not Scalar { Text: var id })
            report.Error("wrong-type", path, $"the name of a section is expected, found {item.Describe()}.", item.Origin);
        else if (id != Every && !known.Contains(id))
            report.Error(
                "unknown-section",
                path,
                $"there is no section '{AnswerFile.Printable(id)}'; there are {string.Join(", ", known)}.{Nearest.Hint(id, known)}",
                item.Origin
            );
        else if (!asked.Add(id))
            report.Error("given-twice", path, $"'{id}' was given before.", item.Origin);
    }
}
