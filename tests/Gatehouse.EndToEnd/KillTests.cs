using System.Diagnostics;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>An apply that is killed, at each of its steps, leaves a host that the next run brings to a configuration that works.</summary>
[Collection(GatewayStories.Name)]
public sealed class KillTests
{
    [Fact]
    public void Killed_after_any_step_the_next_run_puts_back_and_the_one_after_converges()
    {
        Gateway.Restore();
        var old = Gateway.Fingerprint();
        var steps = 0;
        for (var kill = 1; ; kill++)
        {
            Change();
            if (!KillAfter(kill)) break;
            steps++;
            Gateway.Run("rollback", "--interrupted").Expect(0);
            Assert.Equal(old, Gateway.Fingerprint());
            Gateway.Run("verify").Expect(0);
        }

        // Nothing was killed the last time: the change is in place; every step before had its turn.
        Assert.True(steps >= 8, $"only {steps} steps were seen");
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
            ReadSteps(apply, "Putting files in place", 2);
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
            .Replace("host_name: gateway.lab.example", "host_name: killed.lab.example", StringComparison.Ordinal)
            .Replace("submission_ports: [587]", "submission_ports: [587, 465]", StringComparison.Ordinal);
        Lab.Write(Gateway.Name, Gateway.Answers, text);
    }

    // Kills the apply with SIGKILL once it has reported that many steps; false when it was done before.
    private static bool KillAfter(int steps)
    {
        using var apply = Lab.Start(Gateway.Name, "sh", "-c", $"echo $$ > /run/apply.pid; exec gatehouse apply {Gateway.Answers}");
        if (!ReadSteps(apply, "", steps))
        {
            apply.WaitForExit();
            return false;
        }

        var killed = Lab.Shell(Gateway.Name, "kill -9 $(cat /run/apply.pid)").ExitCode == 0;
        apply.WaitForExit();
        return killed;
    }

    private static bool ReadSteps(Process apply, string after, int steps)
    {
        var seen = 0;
        var counting = after.Length == 0;
        while (apply.StandardError.ReadLine() is { } line)
        {
            counting |= line == after;
            if (counting && line.StartsWith("  ok ", StringComparison.Ordinal) && ++seen == steps) return true;
        }

        return false;
    }
}
