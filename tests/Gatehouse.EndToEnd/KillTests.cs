using System.Diagnostics;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>An apply that is killed, at each of its steps, leaves a host that the next run brings to a configuration that works.</summary>
[Collection(GatewayStories.Name)]
public sealed class KillTests
{
    [Fact]
    [Trait("Lane", "slow")]
    public void Killed_after_any_step_the_next_run_puts_back_and_the_one_after_converges()
    {
        Gateway.Restore();
        var old = Gateway.Fingerprint();
        Change();
        Gateway.Apply().Expect(0);
        var changed = Gateway.Fingerprint();
        var kills = 0;
        string now;
        do
        {
            Gateway.Restore();
            Change();
            // The last time the apply is done before it can be killed.
            if (KillAfter(++kills))
                Gateway.Run("rollback", "--interrupted").Expect(0);
            now = Gateway.Fingerprint();
            Assert.True(now == old || now == changed, $"killed after step {kills}, the host has neither the old nor the new configuration");
            Gateway.Run("verify", "--no-network-checks").Expect(0);
        } while (now == old && kills < 60);

        // Once the last step was reported, the new generation was in force before the kill; every step before had its turn.
        Assert.InRange(kills, 12, 59);
        Gateway.Run("verify").Expect(0);
        Assert.Contains("Nothing to do", Gateway.Run("plan").Expect(0).Output, StringComparison.Ordinal);
        Gateway.Restore();
        Assert.Equal(old, Gateway.Fingerprint());
    }

    [Fact]
    public void After_a_power_failure_in_the_middle_the_host_boots_with_the_old_configuration()
    {
        Gateway.Restore();
        var old = Gateway.Fingerprint();
        Change();
        using (var apply = Lab.Start(Gateway.Name, "gatehouse", "apply", Gateway.Answers))
        {
            ReadSteps(apply, "Writing files", 2);
            Lab.Crash(Gateway.Name);
        }

        Lab.Boot(Gateway.Name);
        Lab.Until("the services", TimeSpan.FromSeconds(60), () => Gateway.Run("verify").ExitCode == 0);
        Assert.Equal(old, Gateway.Fingerprint());
        Assert.Contains("rolled back", Gateway.Run("history").Output, StringComparison.Ordinal);
        Gateway.Restore();
    }

    // Touches files and units of several components.
    private static void Change()
    {
        var text = File.ReadAllText(Lab.File("Answers", "standalone.yaml"))
            .Replace("site_name: LAB", "site_name: KILLED", StringComparison.Ordinal)
            .Replace("ntp_servers: [10.77.0.1]", "ntp_servers: [10.77.0.1, 10.77.0.2]", StringComparison.Ordinal)
            .Replace("web:\n", "web:\n  administrator: operator\n", StringComparison.Ordinal)
            .Replace("submission_ports: [587]", "submission_ports: [587, 465]", StringComparison.Ordinal);
        Lab.Write(Gateway.Name, Gateway.Answers, Example.With(text));
    }

    // Kills the apply with SIGKILL once it has reported that many steps; false when it was done before.
    private static bool KillAfter(int steps)
    {
        using var apply = Lab.Start(
            Gateway.Name,
            "sh",
            "-c",
            $"echo $$ > /run/apply.pid; exec gatehouse apply {Gateway.Answers} --no-network-checks"
        );
        if (!ReadSteps(apply, "", steps))
        {
            apply.WaitForExit();
            return false;
        }

        var killed = Lab.Shell(Gateway.Name, "kill -9 $(cat /run/apply.pid)").ExitCode == 0;
        apply.WaitForExit();
        return killed;
    }

    // Verifications change nothing, so after the first of them every eighth counts.
    private static bool ReadSteps(Process apply, string after, int steps)
    {
        var (seen, verified, verifies) = (0, 0, false);
        var counting = after.Length == 0;
        while (apply.StandardError.ReadLine() is { } line)
        {
            counting |= line == after;
            verifies |= line == "Verifying that everything works";
            if (counting && line.StartsWith("  ok ", StringComparison.Ordinal) && (!verifies || verified++ % 8 == 0) && ++seen == steps)
                return true;
        }

        return false;
    }
}
