using System.Collections.Immutable;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

public sealed class TimeZoneTests
{
    private static readonly Found There = new([.. "TZif2"u8], OwnerOnly: false);
    private static readonly Found Missing = new(null, true, "does not exist", Missing: true);
    private static readonly Found Unreadable = new(null, true, "cannot be read");

    [Fact]
    public void Only_a_zone_that_the_host_is_known_to_lack_is_refused()
    {
        Assert.Empty(Judge(There, There));
        Assert.Empty(Judge(Unreadable, There));
        Assert.Empty(Judge(Missing, Missing));
        Assert.Empty(Judge(null, null));
        Assert.Equal(["bad-value system.time_zone"], Judge(Missing, There));
        Assert.Equal(["bad-value system.time_zone"], Judge(Missing, Unreadable));
    }

    private static IEnumerable<string> Judge(Found? zone, Found? always)
    {
        var things = ImmutableDictionary.CreateBuilder<(WantedKind, string), Found>();
        if (zone is not null)
            things[(WantedKind.File, "/usr/share/zoneinfo/Europe/Berlni")] = zone;
        if (always is not null)
            things[(WantedKind.File, "/usr/share/zoneinfo/UTC")] = always;
        Samples.Resolve(
            Samples.Minimal.Replace("mta:", "  time_zone: Europe/Berlni\nmta:", StringComparison.Ordinal),
            new Inputs(Samples.Facts, true, things.ToImmutable()),
            out var report
        );
        return report.Where(f => f.Severity == Severity.Error).Select(f => $"{f.Code} {f.Path}");
    }
}
