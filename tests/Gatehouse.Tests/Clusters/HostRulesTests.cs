using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Clusters.Joining;
using Gatehouse.Core.Trust;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class HostRulesTests
{
    private static readonly SampleCluster Ours = new();
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.4");
    private static readonly Pin Wanted = Pin.Of(Ours.Root.Certificate);

    private static readonly HostState Bare = new()
    {
        Free = ImmutableSortedDictionary<string, long>.Empty.Add("/", 20L << 30),
        Addresses = [Address],
        PortTaken = "",
        CaFile = null,
        HasUnfinishedBootstrap = false,
        IsGateway = false,
        Existing = [],
        HasEncryptionKey = false,
        HasDatabases = false,
        Queue = 0,
    };

    [Fact]
    public void A_bare_host_gives_no_finding_and_nothing_of_it_is_replaced()
    {
        Assert.Empty(HostRules.Judge(Bare, Address, Wanted));
        Assert.Empty(HostRules.Replaced(Bare, "full"));
    }

    [Theory]
    [InlineData(0.5, true)]
    [InlineData(3, false)]
    public void Room_is_needed_for_packages_and_wished_for_mail(double gigabytes, bool isError) =>
        Only("disk", isError, Bare with { Free = Bare.Free.Add("/var", (long)(gigabytes * (1L << 30))) }, "/var has");

    [Fact]
    public void A_taken_port_is_an_error() =>
        Only("port-taken", true, Bare with { PortTaken = "TCP 1028: Address already in use" }, "TCP 1028");

    [Fact]
    public void An_address_of_no_interface_is_told() =>
        Only("address-elsewhere", false, Bare with { Addresses = [IPAddress.Parse("10.0.0.1")] }, "it has 10.0.0.1");

    [Fact]
    public void A_CA_file_must_match_the_code()
    {
        Assert.Empty(HostRules.Judge(Bare with { CaFile = Ours.RootPem }, Address, Wanted));
        // While a root is rotated, members have two.
        Assert.Empty(HostRules.Judge(Bare with { CaFile = new SampleCluster().RootPem + Ours.RootPem }, Address, Wanted));
        Only(
            "ca-file",
            true,
            Bare with
            {
                CaFile = new SampleCluster(SampleCluster.OtherId).RootPem,
            },
            $"the CA of cluster {SampleCluster.OtherId}"
        );
        Only("ca-file", true, Bare with { CaFile = new SampleCluster().RootPem }, "the join code is of another");
        Only("ca-file", true, Bare with { CaFile = "" }, "cannot be used");
    }

    [Fact]
    public void Waiting_mail_is_told() => Only("queue", false, Bare with { Queue = 7 }, "7 messages");

    [Fact]
    public void Everything_is_told_at_once()
    {
        var findings = HostRules.Judge(
            Bare with
            {
                Free = Bare.Free.SetItem("/", 1),
                Addresses = [],
                PortTaken = "x",
                CaFile = "x",
                Queue = 1,
            },
            Address,
            Wanted
        );
        Assert.Equal(["disk", "address-elsewhere", "port-taken", "ca-file", "queue"], findings.Select(f => f.Code));
        Assert.All(findings, f => Assert.EndsWith(".", f.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_replaced_is_listed_with_the_way_back()
    {
        Assert.Contains(
            "gatehouse rollback",
            Assert.Single(HostRules.Replaced(Bare with { IsGateway = true, Existing = ["exim4"] }, "mail")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "postfix, nginx",
            Assert.Single(HostRules.Replaced(Bare with { Existing = ["postfix", "nginx"] }, "mail")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "nothing puts them back",
            Assert.Single(HostRules.Replaced(Bare with { HasUnfinishedBootstrap = true, HasEncryptionKey = true }, "mail")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "encryption key",
            Assert.Single(HostRules.Replaced(Bare with { HasEncryptionKey = true }, "mail")),
            StringComparison.Ordinal
        );
        Assert.Empty(HostRules.Replaced(Bare with { HasDatabases = true }, "mail"));
        Assert.Contains(
            "pg_hba.conf",
            Assert.Single(HostRules.Replaced(Bare with { HasDatabases = true }, "database")),
            StringComparison.Ordinal
        );
        Assert.Single(HostRules.Replaced(Bare with { HasDatabases = true }, ""));
    }

    private static void Only(string code, bool isError, HostState host, string says)
    {
        var finding = Assert.Single(HostRules.Judge(host, Address, Wanted));
        Assert.Equal((code, isError), (finding.Code, finding.IsError));
        Assert.Contains(says, finding.Message, StringComparison.Ordinal);
    }
}
