using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Verifying;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Verifying;

/// <summary>What verification says to the mail ports as the world does, and which replies it expects.</summary>
public sealed class StrangerPlanTests
{
    private const string Domains =
        "  domains:\n    - {domain: example.com, destination: \"192.0.2.25:25\"}\n    - {domain: example.net, destination: "
        + "\"192.0.2.25:25\"}\n";

    [Fact]
    public void A_stranger_reaches_the_own_domains_and_no_others()
    {
        var plan = Plan(Domains + "  recipient_check: none\n");
        var (four, six) = (plan["SMTP as a stranger (IPv4)"], plan["SMTP as a stranger (IPv6)"]);
        Assert.Equal("203.0.113.77", four["client"]);
        Assert.Equal("192.0.2.10", four["server"]);
        // The address of the other family is found on the host.
        Assert.StartsWith("2001:db8:", six["client"], StringComparison.Ordinal);
        Assert.DoesNotContain("server", six.Keys);
        Assert.Equal<Ask>(
            [
                new("postmaster@example.com", Expectation.Accepted),
                new("postmaster@example.net", Expectation.Accepted),
                new("someone@foreign.invalid", Expectation.Refused),
            ],
            Ask.Read(four["ask"])
        );
        Assert.DoesNotContain(
            plan.Keys,
            k => k.Contains("relay network", StringComparison.Ordinal) || k.Contains("balancer", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_relay_network_may_send_anywhere_and_behind_a_balancer_its_header_alone_decides()
    {
        var plan = Plan(
            Domains + "  relay_networks: [10.77.0.40/29, \"fd77::/64\"]\n  load_balancers: [10.77.0.44]\n  submission_ports: [587, 465]\n"
        );
        var relay = plan["SMTP as a relay network (IPv4)"];
        Assert.True(IPNetwork.Parse("10.77.0.40/29").Contains(IPAddress.Parse(relay["client"])));
        Assert.Equal("someone@foreign.invalid Accepted", relay["ask"]);
        // The balancer lies in the relay network, which gives those behind it no rights.
        var stranger = plan["SMTP as a stranger behind a load balancer (IPv4)"];
        Assert.Equal(("10.77.0.44", "203.0.113.77"), (stranger["client"], stranger["behind"]));
        Assert.EndsWith("someone@foreign.invalid Refused", stranger["ask"], StringComparison.Ordinal);
        Assert.Equal(
            (stranger["client"], relay["client"]),
            (
                plan["SMTP as a relay network behind a load balancer (IPv4)"]["client"],
                plan["SMTP as a relay network behind a load balancer (IPv4)"]["behind"]
            )
        );
        foreach (var (port, tls) in new[] { ("587", "starttls"), ("465", "implicit") })
        {
            var closed = plan[$"submission port {port} as a stranger (IPv4)"];
            Assert.Equal((port, tls, "true"), (closed["port"], closed["tls"], closed["closed"]));
            Assert.Equal("true", plan[$"submission port {port} as a stranger behind a load balancer (IPv4)"]["closed"]);
            Assert.DoesNotContain("closed", plan[$"submission port {port} as a relay network (IPv4)"].Keys);
        }

        Assert.Contains("SMTP as a relay network (IPv6)", plan.Keys);
    }

    [Fact]
    public void A_letter_is_to_be_signed_only_when_it_comes_from_a_relay_network()
    {
        var plan = Plan(Domains + "  relay_networks: [10.0.0.0/8]\n  dkim_domains: [example.com]\n");
        var (stranger, relay) = (plan["delivery for a stranger"], plan["delivery for a relay network"]);
        Assert.Equal(("example.com", "gatehouse-verify@example.com"), (stranger["sender_domain"], stranger["recipient"]));
        Assert.DoesNotContain("signed", stranger.Keys);
        Assert.Equal(
            ("example.com", "gatehouse-verify@foreign.invalid", "example.com"),
            (relay["sender_domain"], relay["recipient"], relay["signed"])
        );
        var unsigned = new ArrivedMessage("X-GW-Scanned: by mx1, clean\nSubject: x\n\nDKIM-Signature: v=1; d=example.com;");
        var signed = new ArrivedMessage(
            "DKIM-Signature: v=1; a=rsa-sha256;\n\td=example.com; s=gatehouse; b=x\nX-GW-Scanned: by mx1, clean\n\nbody"
        );
        var wanted = relay.SetItem("header", "X-GW-Scanned");
        Assert.Null(signed.Problem(wanted));
        Assert.Contains("has none", unsigned.Problem(wanted)!, StringComparison.Ordinal);
        Assert.Null(unsigned.Problem(stranger.SetItem("header", "X-GW-Scanned")));
        Assert.Contains("example.com signed it", signed.Problem(stranger)!, StringComparison.Ordinal);
        Assert.Contains("not scanned", unsigned.Problem(stranger.SetItem("header", "X-OTHER-Scanned"))!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Expectation.Accepted, "250 Accepted", true)]
    [InlineData(Expectation.Accepted, "451 Temporary local problem - please try later", false)]
    [InlineData(Expectation.Accepted, "550 no such recipient", false)]
    [InlineData(Expectation.Refused, "550 relay not permitted", true)]
    [InlineData(Expectation.Refused, "250 Accepted", false)]
    [InlineData(Expectation.Refused, "451 Temporary local problem - please try later", false)]
    [InlineData(Expectation.Unlisted, "550 no such recipient", true)]
    [InlineData(Expectation.Unlisted, "250 Accepted", false)]
    [InlineData(Expectation.Unlisted, "550 relay not permitted", false)]
    [InlineData(Expectation.Destination, "250 Accepted", true)]
    [InlineData(Expectation.Destination, "550 no such recipient", true)]
    [InlineData(Expectation.Destination, "550 relay not permitted", false)]
    [InlineData(Expectation.Destination, "451 Temporary local problem - please try later", false)]
    public void A_reply_is_judged_by_what_the_answers_ask(Expectation expectation, string reply, bool isRight)
    {
        var code = int.Parse(reply[..3], CultureInfo.InvariantCulture);
        Assert.Equal(isRight, new Ask("user@example.com", expectation).Judge(code, reply, blockLists: false) is null);
    }

    [Fact]
    public void A_block_list_may_list_the_stranger_but_never_opens_a_relay()
    {
        const string Listed = "550 203.0.113.77 is listed at bl.example.org";
        Assert.Null(new Ask("user@example.com", Expectation.Accepted).Judge(550, Listed, blockLists: true));
        Assert.NotNull(new Ask("user@example.com", Expectation.Accepted).Judge(550, Listed, blockLists: false));
        Assert.NotNull(new Ask("user@example.com", Expectation.Refused).Judge(250, "250 ok", blockLists: true));
    }

    [Fact]
    public void Of_a_list_a_listed_and_an_unlisted_recipient_of_each_domain_are_tried() =>
        Assert.Equal<Ask>(
            [
                new("bob@example.com", Expectation.Accepted),
                new("gatehouse-nobody@example.com", Expectation.Unlisted),
                new("gatehouse-nobody@example.net", Expectation.Accepted),
                new("gatehouse-nobody@example.org", Expectation.Unlisted),
            ],
            RecipientSample.Of("# people\nbob@example.com\n*@example.net\n", ["example.com", "example.net", "example.org"])
        );

    [Fact]
    public void The_stranger_is_in_no_list_of_the_answers()
    {
        var settings = Samples.Settings(
            Samples.Minimal + Domains + "  relay_networks: [203.0.113.0/24]\n  load_balancers: [198.51.100.77]\n"
        );
        var vantage = Vantage.Of(settings, System.Net.Sockets.AddressFamily.InterNetwork)!;
        // 192.0.2.0/24 is the administrators' network of the sample.
        Assert.Equal("198.18.77.77", vantage.Stranger.ToString());
        Assert.True(IPNetwork.Parse("203.0.113.0/24").Contains(vantage.Relay!));
        Assert.Equal("198.51.100.77", vantage.Balancer!.ToString());
    }

    [Fact]
    public void A_node_without_mail_has_no_conversations() =>
        Assert.DoesNotContain(
            Samples.Render(Samples.Member("database").Split("mta:")[0]).Verifications,
            v => v.Verification.Kind == StrangerPlan.Kind
        );

    private static ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, string>> Plan(string mta)
    {
        var node = Samples.Render(Samples.Minimal + mta);
        return node
            .Verifications.Where(v => v.Verification.Kind == StrangerPlan.Kind)
            .ToImmutableSortedDictionary(v => v.Verification.Name, v => v.Verification.Parameters, StringComparer.Ordinal);
    }
}
