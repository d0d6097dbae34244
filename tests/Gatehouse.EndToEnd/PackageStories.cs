using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>What the package step of an apply leaves on a bare Debian when it is cancelled, killed or refused.</summary>
[Trait("Lane", "slow")]
public sealed class PackageStories
{
    private const string Host = "e2e-pk";
    private const string Answers = "/root/answers.yaml";

    [Fact]
    public void Cancelled_killed_or_refused_dpkg_is_in_order_and_nothing_starts_at_the_next_boot()
    {
        Lab.Up("bare", $"{Host}=10.77.0.123");
        try
        {
            Lab.Push(Host, Gateway.Package(), "/root/gatehouse.deb");
            Lab.Exec(Host, "apt-get", "install", "-y", "/root/gatehouse.deb").Expect(0);
            Lab.Write(Host, "/root/web-password", "Canary-of-the-package-step", "0600");
            Lab.Write(
                Host,
                Answers,
                File.ReadAllText(Lab.File("Answers", "standalone.yaml")).Replace("10.77.0.121", "10.77.0.123", StringComparison.Ordinal)
            );
            Lab.Shell(Host, "hostname > /root/name; cp /etc/hosts /root/hosts").Expect(0);

            // Ctrl-C while dpkg unpacks: it comes to its end, and nothing is half installed.
            var cancelled = WhileUnpacking("INT");
            Assert.Equal(130, cancelled.ExitCode);
            Assert.Contains("stopping after the package step", cancelled.Error, StringComparison.Ordinal);
            Assert.Contains("the configuration was not changed", cancelled.Error, StringComparison.Ordinal);
            Assert.Equal("", Lab.Exec(Host, "dpkg", "--audit").Expect(0).Output);

            // A port that somebody else holds is named before anything is changed.
            Lab.Shell(
                    Host,
                    "systemd-run --unit=squatter --quiet perl -MIO::Socket::INET -e "
                        + "'(IO::Socket::INET->new(LocalPort=>80,Listen=>1,ReuseAddr=>1) or die)->accept'"
                )
                .Expect(0);
            Lab.Until("the squatter", TimeSpan.FromSeconds(20), () => Lab.Shell(Host, "ss -Hltn | grep -q ':80 '").ExitCode == 0);
            var taken = Lab.Exec(Host, "gatehouse", "apply", Answers).Expect(3);
            Assert.Matches(@"port 80 is already in use by perl \(pid \d+, squatter\.service\)", taken.Error);
            Lab.Exec(Host, "systemctl", "stop", "squatter").Expect(0);

            // Refused after the packages are there: no unit of theirs starts at the next boot.
            Lab.Write(Host, "/etc/gatehouse/templates/exim/exim4.conf.hbs", "nonsense\n");
            Assert.Contains("check failed", Lab.Exec(Host, "gatehouse", "apply", Answers).Expect(3).Error, StringComparison.Ordinal);
            Lab.Exec(Host, "rm", "-r", "/etc/gatehouse/templates").Expect(0);
            Lab.Crash(Host);
            Lab.Boot(Host);
            Assert.Equal(
                "",
                Lab.Shell(
                    Host,
                    "systemctl list-unit-files --state=enabled --no-legend | grep -E "
                        + "'^(nginx|exim4|rspamd|redis-server|clamav-daemon|gatehouse-names)[^ ]*\\.service' || true"
                ).Output
            );
            Assert.Equal("", Lab.Shell(Host, "ss -Hltn | grep -E ':(25|80|443|6379|11334) ' || true").Output);
            Assert.Equal(Lab.Exec(Host, "cat", "/root/hosts").Output, Lab.Exec(Host, "cat", "/etc/hosts").Output);
        }
        finally
        {
            Lab.Down(Host);
        }
    }

    // Sends a signal to the program once dpkg has begun to unpack.
    private static Result WhileUnpacking(string signal)
    {
        using var apply = Lab.Start(Host, "sh", "-c", $"echo $$ > /run/apply.pid; exec gatehouse apply {Answers} --log-level debug");
        var error = new System.Text.StringBuilder();
        while (apply.StandardError.ReadLine() is { } line)
        {
            error.AppendLine(line);
            if (line.TrimStart().StartsWith("Unpacking", StringComparison.Ordinal))
                break;
        }

        Lab.Shell(Host, $"kill -{signal} $(cat /run/apply.pid)").Expect(0);
        error.Append(apply.StandardError.ReadToEnd());
        apply.WaitForExit();
        return new Result(apply.ExitCode, apply.StandardOutput.ReadToEnd(), error.ToString());
    }
}
