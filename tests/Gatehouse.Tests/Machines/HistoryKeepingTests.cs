using Gatehouse.Core.Answering;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>What the history promises: hand edits come back, lost records are made again, and it says who and what.</summary>
public sealed class HistoryKeepingTests
{
    private const string Exim = "/etc/exim4/exim4.conf";
    private static readonly RenderedNode Minimal = Samples.Render(Samples.Minimal);

    [Fact]
    public async Task A_hand_edit_that_an_apply_replaced_comes_back_with_a_rollback()
    {
        var host = LiveApplyTests.Host();
        var store = new GenerationStore(host);
        await ApplyAsync(host);
        var edited = (await host.ReadAsync(Exim, default))!.Text + "# my own tweak\n";
        await host.WriteAsync(Exim, new Item(EntryKind.File, (await host.StatAsync(Exim, default)).Owner, FileContent.Of(edited)), default);

        // A failed apply in between neither loses the edit nor keeps it twice.
        Assert.Equal(Outcome.RolledBack, (await ApplyAsync(host, new Judges { Fails = "spam test (GTUBE)" })).Outcome);
        Assert.Equal(Outcome.Applied, (await ApplyAsync(host)).Outcome);
        Assert.DoesNotContain("tweak", (await host.ReadAsync(Exim, default))!.Text, StringComparison.Ordinal);
        var all = await store.AllAsync(default);
        var kept = Assert.Single(all, g => g.State == GenerationState.Edited);
        Assert.Equal("/etc/exim4/exim4.conf was edited by hand", Assert.Single(kept.Summary));

        var target = RollbackTarget.Before(all)!;
        Assert.Equal(kept.Number, target.Number);
        Assert.Equal(
            Outcome.Applied,
            (await Tree.Applier(host).ApplyAsync(await store.NodeAsync(target, default), "rollback", default)).Outcome
        );
        Assert.Equal(edited, (await host.ReadAsync(Exim, default))!.Text);
        Assert.Empty((await Tree.Applier(host).DriftAsync(default))!.Value.Drift);
    }

    [Fact]
    public async Task Without_records_an_apply_verifies_what_is_there_and_records_it()
    {
        var host = LiveApplyTests.Host();
        await ApplyAsync(host);
        await ForgetAsync(host);
        Assert.False((await Tree.Applier(host).DriftAsync(default)).HasValue);
        var before = host.Snapshot();
        Assert.Equal(Outcome.Refused, (await ApplyAsync(host, new Judges { Fails = "spam test (GTUBE)" })).Outcome);
        host.Commands.Clear();
        var result = await ApplyAsync(host);
        Assert.Equal((Outcome.Applied, 1), (result.Outcome, result.Generation!.Number));
        Assert.Equal(before, host.Snapshot());
        Assert.Empty(host.Commands);
        Assert.Empty((await Tree.Applier(host).DriftAsync(default))!.Value.Drift);
        Assert.Equal(Outcome.Nothing, (await ApplyAsync(host)).Outcome);

        // What was before is not known any more: going back to it must not take the host's name and name servers away.
        var store = new GenerationStore(host);
        Assert.Equal(
            Outcome.Nothing,
            (
                await Tree.Applier(host)
                    .ApplyAsync(await store.NodeAsync((await store.FindAsync(0, default))!, default), "rollback to 0", default)
            ).Outcome
        );
    }

    [Fact]
    public async Task How_a_host_is_verified_is_taken_over_also_when_nothing_else_changes()
    {
        var host = LiveApplyTests.Host();
        await ApplyAsync(host);
        var another = Minimal.Verifications[0] with { Verification = Minimal.Verifications[0].Verification with { Name = "another look" } };
        var result = await new Applier(host, new Judges(), new Judges(), new FixedClock(), new Silence()).ApplyAsync(
            Minimal with
            {
                Verifications = Minimal.Verifications.Add(another),
            },
            "apply",
            default
        );
        Assert.Equal((Outcome.Nothing, 1), (result.Outcome, result.Generation!.Number));
        Assert.Contains(
            (await new GenerationStore(host).CurrentAsync(default))!.Node.Verifications,
            v => v.Verification.Name == "another look"
        );
    }

    [Fact]
    public async Task What_was_as_asked_before_the_first_apply_is_still_there_after_the_last_rollback()
    {
        var host = LiveApplyTests.Host();
        var zone = Minimal.Entries.Single(e => e.Path == "/etc/localtime");
        await host.WriteAsync(zone.Path, new Item(EntryKind.Link, zone.Owner, null, zone.Target), default);
        host.Units["chrony.service"] = new UnitState(true, true, true);
        await ApplyAsync(host);
        var store = new GenerationStore(host);
        await Tree.Applier(host).ApplyAsync(await store.NodeAsync((await store.FindAsync(0, default))!, default), "rollback to 0", default);
        Assert.Equal(zone.Target, (await host.StatAsync(zone.Path, default)).Target);
        Assert.Equal(new UnitState(true, true, true), host.Units["chrony.service"]);
    }

    [Fact]
    public async Task A_rollback_to_the_original_takes_the_host_name_over()
    {
        var host = LiveApplyTests.Host();
        await host.WriteAsync("/etc/hostname", new Item(EntryKind.File, Ownership.Default, FileContent.Of("debian\n")), default);
        await ApplyAsync(host);
        host.Commands.Clear();
        var store = new GenerationStore(host);
        await Tree.Applier(host).ApplyAsync(await store.NodeAsync((await store.FindAsync(0, default))!, default), "rollback to 0", default);
        Assert.Equal("debian\n", (await host.ReadAsync("/etc/hostname", default))!.Text);
        Assert.Contains("hostname -F /etc/hostname", host.Commands);
    }

    [Fact]
    public async Task A_daemon_that_ran_as_Debian_starts_it_stops_before_its_unit_is_another_and_runs_again_after_the_way_back()
    {
        var host = LiveApplyTests.Host();
        foreach (var package in Minimal.Packages)
            host.Packages.Add(package);
        host.Units["exim4.service"] = new UnitState(true, true, true);
        host.Units["chrony.service"] = new UnitState(true, true, true);
        await ApplyAsync(host);
        Assert.True(
            host.Commands.IndexOf("systemctl stop exim4.service") is >= 0 and var stop
                && stop < host.Commands.IndexOf("systemctl daemon-reload")
        );
        Assert.Contains("systemctl start exim4.service", host.Commands);
        Assert.DoesNotContain("systemctl restart exim4.service", host.Commands);

        host.Commands.Clear();
        var store = new GenerationStore(host);
        await Tree.Applier(host).ApplyAsync(await store.NodeAsync((await store.FindAsync(0, default))!, default), "rollback to 0", default);
        Assert.True(
            host.Commands.IndexOf("systemctl stop exim4.service") is >= 0 and var back
                && back < host.Commands.IndexOf("systemctl start exim4.service")
        );
        Assert.Contains("systemctl restart chrony.service", host.Commands);
        Assert.True(host.Units["exim4.service"].Active);
    }

    [Fact]
    public async Task A_unit_that_failed_is_not_left_failed_when_everything_is_put_back()
    {
        var host = LiveApplyTests.Host();
        host.Fails = c => c == "systemctl start nginx.service";
        Assert.Equal(Outcome.RolledBack, (await ApplyAsync(host)).Outcome);
        Assert.Contains("systemctl reset-failed nginx.service", host.Commands);
    }

    [Theory]
    [InlineData("812", "apache2.service", "port 80 is already in use by apache2 (pid 812, apache2.service)")]
    [InlineData("812", "", "port 80 is already in use by apache2 (pid 812)")]
    [InlineData("812", "nginx.service", "")]
    public async Task A_port_that_somebody_else_holds_is_a_refusal_with_its_name(string pid, string unit, string expected)
    {
        var host = LiveApplyTests.Host();
        host.Answers["ss -Hltnp"] =
            $"LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    "
            + $"users:((\"apache2\",pid={pid},fd=4),(\"apache2\",pid=813,fd=4))\nLISTEN 0 128 [::]:22 [::]:* "
            + $"users:((\"sshd\",pid=1,fd=3))\n";
        await host.WriteAsync(
            $"/proc/{pid}/cgroup",
            new Item(EntryKind.File, Ownership.Default, FileContent.Of($"0::/system.slice/{unit}\n")),
            default
        );
        var result = await ApplyAsync(host);
        Assert.Equal(expected.Length == 0 ? Outcome.Applied : Outcome.Refused, result.Outcome);
        Assert.Contains(expected, result.Problem, StringComparison.Ordinal);
        if (expected.Length > 0)
            Assert.Empty(host.Commands);
    }

    [Fact]
    public async Task Each_change_is_a_line_in_the_journal_that_says_who_and_how_it_ended()
    {
        var host = LiveApplyTests.Host();
        var judges = new Judges();
        await new Applier(host, judges, judges, new FixedClock(), new Silence()) { By = "anna (as root) on pts/0" }.ApplyAsync(
            Minimal,
            "apply",
            default
        );
        Assert.Contains(
            host.Everything,
            e =>
                e.StartsWith("logger ", StringComparison.Ordinal)
                && e.Contains("apply by anna (as root) on pts/0: generation 1 is in place and verified", StringComparison.Ordinal)
        );
        Assert.Equal("anna (as root) on pts/0", (await new GenerationStore(host).FindAsync(1, default))!.By);
    }

    [Theory]
    [InlineData("anna", "root", "/dev/pts/3", "10.0.0.5", "", "anna (as root) on pts/3 from 10.0.0.5")]
    [InlineData("bob", "root", "/dev/tty1", "", "getty@tty1.service", "bob (as root) on tty1")]
    [InlineData("", "root", "/dev/null", "", "gatehouse-follow.service", "gatehouse-follow.service")]
    [InlineData("root", "root", "pipe:[1]", "", "", "root")]
    public void Who_applied_is_the_user_who_logged_in_or_the_unit(
        string person,
        string user,
        string input,
        string from,
        string unit,
        string expected
    ) => Assert.Equal(expected, Actor.Words(person, user, input, from, unit));

    [Fact]
    public void Changed_settings_are_told_by_key_and_value_and_secrets_are_not()
    {
        var changes = AnswerChanges.Of(
            Read("version: 1\nscanner:\n  spam_score: 6\nmta:\n  smart_host_password: hunter2\n"),
            Read("version: 1\nscanner:\n  spam_score: 7\nmta:\n  smart_host_password: hunter3\n  smart_host: relay.example.com\n"),
            Samples.Screens
        );
        Assert.Equal(
            [
                "mta.smart_host: (not given) -> relay.example.com",
                "mta.smart_host_password: (hidden) -> (hidden)",
                "scanner.spam_score: 6 -> 7",
            ],
            changes.Select(c => c.ToString())
        );
    }

    [Fact]
    public void An_apply_at_work_is_told_by_its_lock()
    {
        const string locks = "1: POSIX  ADVISORY  WRITE 900 08:01:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 1234 00:2b:4711 0 EOF\n";
        Assert.True(ApplyLock.IsHeld(locks, 4711));
        Assert.False(ApplyLock.IsHeld(locks, 711));
        Assert.False(ApplyLock.IsHeld(locks, 77));
        var home = Directory.CreateTempSubdirectory("gatehouse-lock-").FullName;
        Assert.False(ApplyLock.IsHeld(home));
        using (ApplyLock.Take(home))
            Assert.True(ApplyLock.IsHeld(home));
        Assert.False(ApplyLock.IsHeld(home));
        Directory.Delete(home, recursive: true);
    }

    private static Answers Read(string text) =>
        AnswerFile.Read("a.yaml", System.Text.Encoding.UTF8.GetBytes(text), Samples.Screens, new Report());

    private static Task<ApplyResult> ApplyAsync(MemoryMachine host, Judges? judges = null) =>
        new Applier(host, judges ?? new Judges(), judges ?? new Judges(), new FixedClock(), new Silence()).ApplyAsync(
            Minimal,
            "apply",
            default
        );

    private static async Task ForgetAsync(MemoryMachine host)
    {
        foreach (var directory in new[] { "generations", "objects" })
        foreach (var name in await host.ListAsync($"{GenerationStore.Home}/{directory}", default))
            await host.RemoveAsync($"{GenerationStore.Home}/{directory}/{name}", default);
    }
}
