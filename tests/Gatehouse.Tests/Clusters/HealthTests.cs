using Gatehouse.Core.Clusters;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

public sealed class HealthTests
{
    [Fact]
    public void A_well_node_has_no_problem() => Assert.Empty(Health.Problems(Status(), Now));

    [Fact]
    public void The_limits_themselves_are_well()
    {
        Assert.Empty(
            Health.Problems(
                Status() with
                {
                    Load = Health.MostLoad,
                    Partitions = [new("/", Health.FullPercent - 1)],
                    Clock = Now + Health.MostSkew,
                    CertificateExpires = Now + Health.CertificateWarning,
                },
                Now
            )
        );
    }

    [Fact]
    public void Every_problem_is_told_in_words() =>
        Assert.Equal(
            [
                "nginx.service does not run",
                "/var is 95 % full",
                "/srv is 100 % full",
                "the load is 15.1",
                "its certificate ends 2026-03-14",
                "its clock is -6 s off",
                "it does not reach the registry",
            ],
            Health
                .Problems(
                    Status() with
                    {
                        Services = [new("exim4.service", true), new("nginx.service", false)],
                        Partitions = [new("/", 94), new("/var", 95), new("/srv", 100)],
                        Load = 15.1,
                        CertificateExpires = Now.AddDays(13),
                        Clock = Now.AddSeconds(-6),
                        ReachesRegistry = false,
                    },
                    Now
                )
                .AsEnumerable()
        );

    [Fact]
    public void A_clock_that_is_ahead_counts_as_well() =>
        Assert.Equal(["its clock is +7 s off"], Health.Problems(Status() with { Clock = Now.AddSeconds(7) }, Now).AsEnumerable());
}
