using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(GatewayStories.Name)]
public sealed class OutsideTests
{
    [Fact]
    public void What_is_wrong_outside_is_a_warning_with_a_remedy_and_no_failure()
    {
        Lab.Exec(Gateway.Sink, "systemctl", "stop", "exim4").Expect(0);
        try
        {
            var verified = JsonDocument.Parse(Gateway.Run("verify", "--json").Expect(0).Output).RootElement;
            Assert.True(verified.GetProperty("healthy").GetBoolean());
            var warnings = verified
                .GetProperty("warnings")
                .EnumerateArray()
                .ToDictionary(
                    w => $"{w.GetProperty("id").GetString()} {w.GetProperty("subject").GetString()}",
                    w => w.GetProperty("remedy").GetString()!
                );
            Assert.Contains("signatures-absent ClamAV", warnings.Keys);
            Assert.Contains("destination-unreachable example.org", warnings.Keys);
            Assert.All(warnings.Values, r => Assert.EndsWith(".", r, StringComparison.Ordinal));

            // Nothing of the network was looked at; what is on the host itself was.
            var quiet = Gateway.Run("plan", Gateway.Answers, "--no-network-checks").Expect(0).Output;
            Assert.Contains("signatures-absent", quiet, StringComparison.Ordinal);
            Assert.DoesNotContain("destination-unreachable", quiet, StringComparison.Ordinal);
        }
        finally
        {
            Lab.Exec(Gateway.Sink, "systemctl", "start", "exim4").Expect(0);
        }

        Assert.DoesNotContain("destination-unreachable example.org", Gateway.Run("verify").Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_left_to_do_is_shown_at_any_time()
    {
        using var domain = Lab.WithoutDns("example.org");
        using var reverse = Lab.WithoutDns("121.0.77.10.in-addr.arpa");
        var next = Gateway.Run("next").Expect(0).Output;
        Assert.Contains("Management web: https://gateway.lab.example/ as 'admin'.", next, StringComparison.Ordinal);
        Assert.Contains("example.org. IN MX 10 mx1.lab.example.", next, StringComparison.Ordinal);
        Assert.Contains("121.0.77.10.in-addr.arpa. IN PTR mx1.lab.example.", next, StringComparison.Ordinal);
        Assert.Contains("gatehouse._domainkey.example.org. IN TXT", next, StringComparison.Ordinal);
        Assert.Contains("IN TXT \"v=spf1 ", next, StringComparison.Ordinal);
        var json = JsonDocument.Parse(Gateway.Run("next", "--json").Expect(0).Output).RootElement;
        Assert.Contains(json.GetProperty("next").EnumerateArray(), t => t.GetProperty("id").GetString() == "ptr");
    }

    [Fact]
    public void Another_user_is_told_that_root_is_needed_instead_of_a_lie()
    {
        foreach (
            var command in new[] { "history", "verify", "drift", "plan", "status", "next", "logs", "quarantine list", "apply", "rollback" }
        )
        {
            var result = Lab.Exec(Gateway.Name, "runuser", "-u", "nobody", "--", "sh", "-c", $"cd /; gatehouse {command}");
            result.Expect(3);
            Assert.Contains($"'gatehouse {command}' needs root", result.All, StringComparison.Ordinal);
        }

        var check = Lab.Exec(Gateway.Name, "runuser", "-u", "nobody", "--", "sh", "-c", "cd /; gatehouse check /root/answers.yaml")
            .Expect(2);
        Assert.Contains("permission denied; run the command as the owner of this file", check.All, StringComparison.Ordinal);
        Assert.Contains(
            "Set up a gateway:",
            Lab.Exec(Gateway.Name, "runuser", "-u", "nobody", "--", "sh", "-c", "cd /; gatehouse").Expect(0).Output,
            StringComparison.Ordinal
        );
    }
}
