using System.Net;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

public sealed class SessionGuardTests
{
    private static readonly GatewaySettings Settings = With(Samples.Settings(Samples.Minimal));

    [Fact]
    public void At_a_console_nobody_can_be_cut_off() => Assert.Null(SessionGuard.Judge(Settings, null));

    [Theory]
    [InlineData("192.0.2.77")]
    [InlineData("::ffff:192.0.2.77")]
    [InlineData("2001:db8:1::7")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_session_from_an_administration_network_goes_on(string client) =>
        Assert.Null(SessionGuard.Judge(Settings, new RemoteSession(IPAddress.Parse(client), 22)));

    [Theory]
    [InlineData("198.51.100.1")]
    [InlineData("2001:db8:2::7")]
    public void A_session_from_elsewhere_would_be_cut_off(string client) =>
        Assert.Contains(client, SessionGuard.Judge(Settings, new RemoteSession(IPAddress.Parse(client), 22)), StringComparison.Ordinal);

    [Fact]
    public void A_session_to_a_port_that_would_not_be_opened_would_be_cut_off() =>
        Assert.Contains(
            "system.ssh_port",
            SessionGuard.Judge(Settings, new RemoteSession(IPAddress.Parse("192.0.2.77"), 2222)),
            StringComparison.Ordinal
        );

    private static GatewaySettings With(GatewaySettings settings) =>
        settings with
        {
            System = settings.System with { AdminNetworks = [IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("2001:db8:1::/48")] },
        };
}
