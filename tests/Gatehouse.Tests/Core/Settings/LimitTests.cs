using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>How many messages are taken in a time, and who collects logs.</summary>
public sealed class LimitTests
{
    private const string Domains = "  domains:\n    - {domain: example.com, destination: \"192.0.2.25:25\"}\n";

    [Fact]
    public void Limits_of_both_screens_are_rendered_alike()
    {
        var yaml =
            Samples.Minimal
            + Domains
            + "scanner:\n  limit_source_network: 60\n  limits:\n    - {name: hourly, counts: inbound-network, messages: 1000, per: 1h}\n  "
            + "  - {name: domains, counts: outbound-domain, messages: 5}\n";
        Assert.Equal<MailLimit>(
            [
                new MailLimit("source_network", LimitKind.InboundNetwork, 60, TimeSpan.FromMinutes(1)),
                new MailLimit("hourly", LimitKind.InboundNetwork, 1000, TimeSpan.FromHours(1)),
                new MailLimit("domains", LimitKind.OutboundDomain, 5, TimeSpan.FromMinutes(1)),
            ],
            Samples.Settings(yaml).Limits
        );
        var node = Samples.Render(yaml);
        var limits = node.FileText("/etc/rspamd/local.d/ratelimit.conf");
        Assert.Contains("selector = \"limit_hourly\";", limits, StringComparison.Ordinal);
        Assert.Contains("rate = \"1000 / 3600s\";", limits, StringComparison.Ordinal);
        Assert.Contains("too many messages from your network (limit hourly: 1000 in 1h), try later", limits, StringComparison.Ordinal);
        Assert.Contains("too many messages for this domain (limit domains: 5 in 1m), try later", limits, StringComparison.Ordinal);
        // By message, exactly so many, and with nobody who is always let through.
        Assert.Equal(4, limits.Split("skip_recipients = true;").Length - 1);
        Assert.Contains("max_bucket_mult = 1;", limits, StringComparison.Ordinal);
        Assert.DoesNotContain("postmaster,", limits, StringComparison.Ordinal);
        Assert.Contains("[\"hourly\"] = \"inbound-network\",", node.FileText("/etc/rspamd/rspamd.local.lua"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_limits_nothing_is_counted() =>
        Assert.Contains(
            "enabled = false;",
            Samples.Render(Samples.Minimal).FileText("/etc/rspamd/local.d/ratelimit.conf"),
            StringComparison.Ordinal
        );

    [Fact]
    public void Everything_that_is_wrong_with_limits_is_said_at_once()
    {
        const string Rates = """
            scanner:
              limit_recipient_domain: 10
              limits:
                - {name: source_network, counts: inbound-network, messages: 5, per: 10m}
                - {name: long, counts: inbound-network, messages: 5, per: 2d}
                - {name: again, counts: outbound-domain, messages: 5, per: 60s}
                - {name: behind, counts: outbound-network, messages: 5}

            """;
        Assert.Null(Samples.Resolve(Samples.Minimal + Rates, null, out var report));
        Assert.Equal(
            [
                "name-taken scanner.limits[1].name",
                "time-unfit scanner.limits[2].per",
                "limit-repeated scanner.limits[3]",
                "nothing-to-count scanner.limits[4]",
            ],
            report.Where(f => f.Path.StartsWith("scanner.limits", StringComparison.Ordinal)).Select(f => $"{f.Code} {f.Path}")
        );
        Assert.Contains(report, f => f.Severity == Severity.Warning && f.Code == "nothing-to-count");
    }

    [Theory]
    [InlineData("{name: Upper, counts: inbound-network, messages: 5}", "must be 1 to 30 lower-case letters")]
    [InlineData("{name: a, counts: inbound_network, messages: 5}", "did you mean 'inbound-network'?")]
    [InlineData("{name: a, counts: inbound-network, messages: 0}", "is below the minimum of 1")]
    [InlineData("{name: a, counts: inbound-network}", "the row has no 'messages'")]
    [InlineData("{name: \"a\\\"; }\", counts: inbound-network, messages: 5}", "must be 1 to 30 lower-case letters")]
    public void A_row_that_will_not_do_is_refused(string row, string said)
    {
        Assert.Null(Samples.Resolve(Samples.Minimal + $"scanner:\n  limits:\n    - {row}\n", null, out var report));
        Assert.Contains(report, f => f.Message.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void Who_is_named_collects_and_nobody_else()
    {
        const string Unit = "gatehouse-logs.service";
        var node = Samples.Render(Samples.Member("full") + "cluster:\n  collect_logs: [mx1.example.org]\n  collected_days: 7\n");
        Assert.Contains(node.Units, u => u.Unit.Name == Unit);
        Assert.Contains(
            "collect /var/log/gatehouse-cluster --days 7\n",
            node.FileText($"/etc/systemd/system/{Unit}"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Samples.Render(Samples.Member("full")).Units, u => u.Unit.Name == Unit && u.Unit.Running);
        Assert.DoesNotContain(Samples.Render(Samples.Minimal).Units, u => u.Unit.Name == Unit && u.Unit.Running);
    }

    [Fact]
    public void A_collector_that_is_no_member_is_told()
    {
        Assert.NotNull(
            Samples.Resolve(Samples.Member("full") + "cluster:\n  collect_logs: [mx1.example.org, mx2.example.org]\n", null, out var report)
        );
        Assert.Contains(
            report,
            f =>
                f is { Code: "no-member", Severity: Severity.Warning }
                && f.Message.StartsWith("mx2.example.org is a log collector", StringComparison.Ordinal)
        );
    }
}
