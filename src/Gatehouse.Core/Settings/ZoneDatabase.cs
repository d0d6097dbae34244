using System.Text;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>The machine's tz database: one file a zone. A machine without it says nothing about which zones there are.</summary>
internal static class ZoneDatabase
{
    private const string Home = "/usr/share/zoneinfo/";
    private const string Always = "UTC";

    // Names every zone on a line, "Z NAME ...", and every link to one, "L ZONE NAME".
    private const string List = "tzdata.zi";

    /// <summary>What to look for: the zone, one that every tz database has, and the list of all.</summary>
    public static IEnumerable<Wanted> Wanted(string zone, Field field, Origin origin) =>
        new[] { zone, Always, List }.Distinct().Select(z => new Wanted(WantedKind.File, Home + z, field.Path, origin));

    /// <summary>Whether the machine has the database, and the zone is not in it.</summary>
    public static bool Lacks(Inputs inputs, string zone) =>
        inputs.Things.TryGetValue((WantedKind.File, Home + Always), out var any)
        && !any.Missing
        && IsZone(any)
        && inputs.Things.TryGetValue((WantedKind.File, Home + zone), out var found)
        && (found.Missing || !IsZone(found));

    /// <summary>The sentence to append to a finding: the zone that was probably meant; empty when none is near.</summary>
    public static string Hint(Inputs inputs, string zone)
    {
        if (inputs.Things.GetValueOrDefault((WantedKind.File, Home + List))?.Content is not { } list)
            return "";
        var names = Encoding
            .UTF8.GetString(list.AsSpan())
            .Split('\n')
            .Select(l => l.Split(' '))
            .Where(w => w is ["Z", _, ..] or ["L", _, _, ..])
            .Select(w => w[0] == "Z" ? w[1] : w[2])
            .ToArray();
        var wanted = Plain(zone);
        // The right name in other letters, or the city alone.
        var near =
            names.FirstOrDefault(n => Plain(n) == wanted)
            ?? names.FirstOrDefault(n => Plain(n).EndsWith($"/{wanted}", StringComparison.Ordinal));
        return near is null ? Nearest.Hint(zone, names) : $" Did you mean '{near}'?";
    }

    private static string Plain(string name) => name.ToLowerInvariant().Replace(' ', '_');

    // RFC 9636: every zone's file begins so; other files lie beside them.
    private static bool IsZone(Found found) => found.Content is not { } bytes || bytes.AsSpan().StartsWith("TZif"u8);
}
