using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

public sealed class ProposalTests
{
    [Theory]
    [InlineData("198.51.100.7", "192.0.2.10", 24, "198.51.100.7/32")]
    [InlineData("2001:db8:9::7", "192.0.2.10", 24, "2001:db8:9::7/128")]
    [InlineData("::ffff:198.51.100.7", "192.0.2.10", 24, "198.51.100.7/32")]
    [InlineData("fe80::7%3", "192.0.2.10", 24, "fe80::7/128")]
    [InlineData("192.0.2.10", "192.0.2.10", 24, "192.0.2.0/24")]
    [InlineData("127.0.0.1", "192.0.2.10", 24, "192.0.2.0/24")]
    [InlineData("::1", "2001:db8::10", 64, "2001:db8::/64")]
    [InlineData(null, "192.0.2.77", 28, "192.0.2.64/28")]
    [InlineData(null, "192.0.2.77", 32, null)]
    [InlineData(null, null, 0, null)]
    public void The_administrator_is_at_the_other_end_of_the_session_or_nearby(
        string? client,
        string? address,
        int prefix,
        string? expected
    )
    {
        var facts = Samples.Facts with
        {
            Session = client is null ? null : new RemoteSession(Samples.Address(client), 22),
            Addresses = address is null ? [] : [Samples.Address(address)],
            Network = address is null ? null : Proposals.NetworkOf(Samples.Address(address), prefix),
        };
        Assert.Equal(expected, facts.Lookup("facts.admin_network"));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(512, "20")]
    [InlineData(2048, "20")]
    [InlineData(2400, "88")]
    [InlineData(3071, "200")]
    [InlineData(3072, null)]
    [InlineData(65536, null)]
    public void A_small_machine_takes_fewer_connections(long megabytes, string? expected) =>
        Assert.Equal(expected, (Samples.Facts with { MemoryBytes = megabytes << 20 }).Lookup("facts.connections"));
}
