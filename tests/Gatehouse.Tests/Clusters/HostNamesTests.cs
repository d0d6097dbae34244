using Gatehouse.Core.Clusters;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

/// <summary>A hosts file that something else has written anew is noticed.</summary>
public sealed class HostNamesTests
{
    private const string Whole = """
        127.0.0.1 localhost
        192.0.2.1 db1.example.org db1
        192.0.2.2	MX2.example.org   # the second
        192.0.2.3 db3 db3.example.org
        192.0.2.5 mx2.example.net
        """;

    [Fact]
    public void One_that_names_every_member_is_well_whatever_else_is_in_it()
    {
        Assert.Empty(HostNames.Missing(Whole, SampleView.Make(), 1));
        Assert.Empty(HostNames.Missing($"10.0.0.1 something.else\n{Whole}\n127.0.1.1 db1.example.org", SampleView.Make(), 1));
    }

    [Fact]
    public void Who_is_not_named_at_its_address_is_told_by_number()
    {
        Assert.Equal(
            ["db1.example.org", "mx2.example.org", "db3.example.org", "mx2.example.net"],
            HostNames.Missing("127.0.1.1 db1.example.org\n", SampleView.Make(), 1).AsEnumerable()
        );
        Assert.Equal(
            ["db3.example.org"],
            HostNames.Missing(Whole.Replace("192.0.2.3", "192.0.2.33", StringComparison.Ordinal), SampleView.Make(), 1).AsEnumerable()
        );
        Assert.Equal(
            ["mx2.example.org"],
            HostNames.Missing(Whole.Replace("192.0.2.2", "#192.0.2.2", StringComparison.Ordinal), SampleView.Make(), 1).AsEnumerable()
        );
        Assert.Equal(4, HostNames.Missing(null, SampleView.Make(), 1).Length);
    }

    [Fact]
    public void A_host_that_is_no_member_yet_or_any_more_has_nothing_to_name()
    {
        Assert.Empty(HostNames.Missing(null, SampleView.Make(), 4));
        Assert.Empty(HostNames.Missing(null, SampleView.Make(), 5));
        Assert.Empty(HostNames.Missing(null, SampleView.Make(), 9));
    }

    [Fact]
    public void The_status_names_them()
    {
        Assert.Empty(Health.Problems(Status() with { LostNames = [] }, Now));
        Assert.Contains(
            "/etc/hosts no longer names db1.example.org, mx2.example.org",
            Assert.Single(Health.Problems(Status() with { LostNames = ["db1.example.org", "mx2.example.org"] }, Now)),
            StringComparison.Ordinal
        );
    }
}
