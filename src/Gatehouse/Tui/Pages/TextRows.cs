using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tui.Pages;

/// <summary>What pages show that is more than sentences.</summary>
internal static class TextRows
{
    /// <summary>A cluster, under its heading.</summary>
    /// <param name="picture">The cluster.</param>
    public static IEnumerable<TextRow> Of(ClusterPicture picture) =>
        [
            new TextRow("The cluster", Look.Bold),
            new TextRow { Drawing = width => ClusterMap.Draw(picture, width, TextWidth.Of) },
            new TextRow("As far as it is known here; 'gatehouse status --map' draws it with how its nodes are.", Look.Note),
            "",
        ];
}
