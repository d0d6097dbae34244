using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>The machine's tz database: one file a zone. A machine without it says nothing about which zones there are.</summary>
internal static class ZoneDatabase
{
    private const string Home = "/usr/share/zoneinfo/";
    private const string Always = "UTC";

    /// <summary>What to look for: the zone, and one that every tz database has.</summary>
    public static IEnumerable<Wanted> Wanted(string zone, Field field, Origin origin) =>
        new[] { zone, Always }.Distinct().Select(z => new Wanted(WantedKind.File, Home + z, field.Path, origin));

    /// <summary>Whether the machine has the database, and the zone is not in it.</summary>
    public static bool Lacks(Inputs inputs, string zone) =>
        inputs.Things.TryGetValue((WantedKind.File, Home + Always), out var any) && !any.Missing
        && inputs.Things.TryGetValue((WantedKind.File, Home + zone), out var found) && found.Missing;
}
