using Gatehouse.Core.Settings;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

public sealed class ScanLimitTests
{
    [Theory]
    [InlineData(1, 400)]
    [InlineData(25, 400)]
    [InlineData(120, 480)]
    public void ClamAV_looks_well_beyond_the_message_size_limit(long megabytes, long expected) =>
        Assert.Equal(expected << 20, ScanLimits.VirusScanSize(megabytes << 20));

    [Fact]
    public void ClamAV_takes_no_file_of_2_GB() => Assert.Equal(int.MaxValue, ScanLimits.VirusScanSize(2L << 30));

    [Theory]
    [InlineData("6", 60)]
    [InlineData("5.5", 55)]
    [InlineData("12.25", 123)]
    [InlineData("1000", 10000)]
    public void Scores_are_rounded_to_tenths_as_Exim_rounds_them(string score, int tenths) =>
        Assert.Equal(tenths, ScanLimits.Tenths(decimal.Parse(score, System.Globalization.CultureInfo.InvariantCulture)));
}
