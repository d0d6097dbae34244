using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>What the package step does to a host when it is cancelled, and what packages may leave enabled.</summary>
public sealed class PackageStepTests
{
    private static readonly RenderedNode Minimal = Samples.Render(Samples.Minimal);

    [Fact]
    public async Task A_command_that_ends_itself_is_asked_and_waited_for_and_what_it_started_comes_to_its_end()
    {
        var end = Path.Combine(Path.GetTempPath(), $"gatehouse-ends-{Guid.NewGuid():N}");
        using var cancel = new CancellationTokenSource();
        var said = new TaskCompletionSource();
        // As apt does: SIGINT is noted, the child (dpkg), which goes on for a while, is waited for, and no further step begins. Where tests
        // run in the background, SIGINT is ignored and could not be noted, so it is given back first.
        var run = new LocalMachine()
            .RunAsync(
                new Invocation(
                    [
                        "env",
                        "--default-signal=INT",
                        "bash",
                        "-c",
                        $"trap 'stop=1; : > {end}.asked' INT; (until [ -e {end}.asked ]; do sleep 0.05; done; sleep 0.3; echo whole > "
                            + $"{end}) & child=$!; echo begun; while kill -0 $child 2>/dev/null; do wait $child; done; [ $stop ] && exit "
                            + $"100; exit 0",
                    ],
                    EndsItself: true
                ),
                _ => said.TrySetResult(),
                cancel.Token
            )
            .AsTask();
        await said.Task;
        await cancel.CancelAsync();
        var result = await run;
        Assert.Equal("whole\n", await File.ReadAllTextAsync(end));
        Assert.Equal(100, result.ExitCode);
        File.Delete(end);
        File.Delete($"{end}.asked");
    }

    [Fact]
    public async Task A_cancelled_installation_configures_what_is_unpacked_and_says_what_it_waits_for()
    {
        var host = LiveApplyTests.Host();
        var log = new Silence();
        using var cancel = new CancellationTokenSource();
        // apt is interrupted while it installs: it ends, between two packages, with an error.
        host.Fails = c =>
        {
            var installs = c.StartsWith("apt-get", StringComparison.Ordinal) && !c.Contains("--download-only", StringComparison.Ordinal);
            if (installs)
                cancel.Cancel();
            return installs;
        };
        var judges = new Judges();
        var e = await Assert.ThrowsAsync<OperationCanceledException>(() =>
            new Applier(host, judges, judges, new FixedClock(), log).ApplyAsync(Minimal, "apply", cancel.Token)
        );
        Assert.Contains("cancelled after the package step", e.Message, StringComparison.Ordinal);
        Assert.Contains(log.Heard, h => h.Contains("stopping after the package step", StringComparison.Ordinal));
        var apt = host.Commands.FindIndex(c =>
            c.StartsWith("apt-get", StringComparison.Ordinal) && !c.Contains("--download-only", StringComparison.Ordinal)
        );
        Assert.StartsWith("dpkg --configure -a", host.Commands[apt + 1], StringComparison.Ordinal);
        Assert.Null(await host.ReadAsync("/usr/sbin/policy-rc.d", default));
    }

    [Fact]
    public async Task Cancelled_before_the_installation_no_package_is_installed()
    {
        var host = LiveApplyTests.Host();
        using var cancel = new CancellationTokenSource();
        host.Fails = c =>
        {
            if (c.Contains("--download-only", StringComparison.Ordinal))
                cancel.Cancel();
            return false;
        };
        var judges = new Judges();
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            new Applier(host, judges, judges, new FixedClock(), new Silence()).ApplyAsync(Minimal, "apply", cancel.Token)
        );
        Assert.DoesNotContain(
            host.Commands,
            c => c.StartsWith("apt-get", StringComparison.Ordinal) && !c.Contains("--download-only", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Half_installed_packages_of_a_killed_run_are_finished_first_and_that_is_said()
    {
        var host = LiveApplyTests.Host();
        host.Answers["dpkg --audit"] = "The following packages have been unpacked but not yet configured.\n nginx\n";
        await host.WriteAsync(
            GenerationStore.Home + "/packages-begun",
            new Item(EntryKind.File, Gatehouse.Core.Values.Ownership.Private, FileContent.Of("nginx.service\n\n")),
            default
        );
        await host.WriteAsync(
            "/usr/sbin/policy-rc.d",
            new Item(
                EntryKind.File,
                Gatehouse.Core.Values.Ownership.Default,
                FileContent.Of("#!/bin/sh\n# gatehouse: services start when their configuration is in place\nexit 101\n")
            ),
            default
        );
        var (log, judges) = (new Silence(), new Judges());
        Assert.Equal(
            Outcome.Applied,
            (await new Applier(host, judges, judges, new FixedClock(), log).ApplyAsync(Minimal, "apply", default)).Outcome
        );
        Assert.Contains(log.Heard, h => h.Contains("interrupted while it installed packages", StringComparison.Ordinal));
        Assert.Contains(log.Heard, h => h.Contains("dpkg --configure -a", StringComparison.Ordinal));
        Assert.True(
            host.Commands.FindIndex(c => c.StartsWith("dpkg --configure", StringComparison.Ordinal))
                < host.Commands.FindIndex(c => c.StartsWith("apt-get", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("rolled back")]
    [InlineData("rollback 0")]
    public async Task Units_that_packages_enabled_are_not_enabled_any_more_after(string how)
    {
        var host = LiveApplyTests.Host();
        host.PackagesEnable = ["nginx.service", "exim4.service", "rspamd.service", "ssh.service"];
        var judges = how switch
        {
            "refused" => new Judges { Refuses = "Exim reads its configuration" },
            "rolled back" => new Judges { Fails = "spam test (GTUBE)" },
            _ => new Judges(),
        };
        var applier = new Applier(host, judges, judges, new FixedClock(), new Silence());
        await applier.ApplyAsync(Minimal, "apply", default);
        if (how == "rollback 0")
        {
            Assert.True(host.Units["nginx.service"].Enabled);
            var store = new GenerationStore(host);
            Assert.Equal(
                Outcome.Applied,
                (
                    await applier.ApplyAsync(await store.NodeAsync((await store.FindAsync(0, default))!, default), "rollback to 0", default)
                ).Outcome
            );
        }

        // Units that no component names, of packages that came along, are left as Debian has them.
        Assert.Equal(["ssh.service"], host.Units.Where(u => u.Value.Enabled).Select(u => u.Key));
    }

    [Fact]
    public async Task What_a_killed_run_left_enabled_does_not_start_at_the_boot_that_follows()
    {
        var host = LiveApplyTests.Host();
        host.PackagesEnable = ["nginx.service", "ssh.service"];
        var faulty = new CutOffAfter(host, "/nowhere") { AfterCommand = "apt-get" };
        await Assert.ThrowsAsync<KilledException>(() => Tree.Applier(faulty).ApplyAsync(Minimal, "apply", default));
        Assert.True(host.Units["nginx.service"].Enabled);
        var log = new Silence();
        var judges = new Judges();
        Assert.Null(await new Applier(host, judges, judges, new FixedClock(), log).RecoverAsync(default));
        Assert.Equal(["ssh.service"], host.Units.Where(u => u.Value.Enabled).Select(u => u.Key));
        Assert.Contains("systemctl stop --no-block nginx.service", host.Commands);
        Assert.Null(await host.ReadAsync("/usr/sbin/policy-rc.d", default));
        Assert.Contains(log.Heard, h => h.Contains("interrupted while it installed packages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_unit_that_took_the_place_of_one_that_apt_removed_stays_enabled()
    {
        var host = LiveApplyTests.Host();
        host.Units["systemd-timesyncd.service"] = new UnitState(true, true, true);
        host.PackagesEnable = ["chrony.service"];
        host.PackagesRemove = ["systemd-timesyncd.service"];
        host.Answers["systemctl show --property=Conflicts --value chrony.service"] =
            "ntp.service systemd-timesyncd.service shutdown.target\n";
        await Tree.Applier(host, new Judges { Refuses = "Exim reads its configuration" }).ApplyAsync(Minimal, "apply", default);
        Assert.True(host.Units["chrony.service"].Enabled);
    }

    [Fact]
    public async Task Waiting_for_another_package_manager_is_told_once_also_where_lines_are_not_shown()
    {
        var host = LiveApplyTests.Host();
        host.Lines =
        [
            "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)...",
            "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)...",
        ];
        var (log, judges) = (new Silence(), new Judges());
        await new Applier(host, judges, judges, new FixedClock(), log).ApplyAsync(Minimal, "apply", default);
        Assert.Single(
            log.Heard,
            h =>
                h.Contains("waiting up to two minutes", StringComparison.Ordinal)
                && h.Contains("process 812 (unattended-upgr)", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("0 upgraded, 3 newly installed.\nAfter this operation, 312 MB of additional disk space will be used.\n", 312_000_000L)]
    [InlineData("After this operation, 1,024 kB of additional disk space will be used.\n", 1_024_000L)]
    [InlineData("  Space needed: 1.5 GB / 8 GB available\n", 1_500_000_000L)]
    [InlineData("After this operation, 12 MB disk space will be freed.\n", null)]
    public void What_an_installation_takes_is_read_from_apt(string output, long? bytes) => Assert.Equal(bytes, DiskSpace.Needed(output));

    [Fact]
    public async Task Without_room_for_the_packages_none_is_installed()
    {
        var host = LiveApplyTests.Host();
        host.Answers["apt-get download"] = "After this operation, 312 MB of additional disk space will be used.\n";
        host.Answers["df --output=avail -B1 /usr"] = "     Avail\n200000000\n";
        var result = await Tree.Applier(host).ApplyAsync(Minimal, "apply", default);
        Assert.Equal(Outcome.Refused, result.Outcome);
        Assert.Contains("need 312 MB on the file system of /usr, which has 200 MB free", result.Problem, StringComparison.Ordinal);
        Assert.Empty(host.Packages);
    }
}
