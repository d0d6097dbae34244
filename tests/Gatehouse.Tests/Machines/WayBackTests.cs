using Gatehouse.Cluster.Applying;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>The way back makes nothing worse: it touches what the run has changed, and what stands in its way is found before.</summary>
public sealed class WayBackTests
{
    private const string Exim = "/etc/exim4/exim4.conf";
    private static readonly RenderedNode Minimal = Samples.Render(Samples.Minimal);
    private static readonly RenderedNode Changed = Samples.Render(
        Samples.Minimal.Replace("mta:", "mta:\n  message_size_limit: 120M", StringComparison.Ordinal)
    );

    [Fact]
    public async Task A_directory_in_a_files_place_is_a_refusal_before_any_change()
    {
        var host = await AppliedAsync();
        await host.RemoveAsync(Exim, default);
        await host.WriteAsync(Exim, new Item(EntryKind.Directory, Ownership.Default), default);
        var before = host.Snapshot();
        var result = await Tree.Applier(host).ApplyAsync(Changed, "apply", default);
        Assert.Equal(Outcome.Refused, result.Outcome);
        Assert.Contains($"{Exim} is a directory, but a file is needed there. Move it away", result.Problem, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        Assert.Empty(host.Commands);

        await host.RemoveAsync(Exim, default);
        Assert.Equal(Outcome.Applied, (await Tree.Applier(host).ApplyAsync(Changed, "apply", default)).Outcome);
    }

    [Theory]
    [InlineData("/etc/app/new", "/etc/app/new is a file, but a directory is needed there")]
    [InlineData("/etc/old", "/etc/old is a file, but /etc/old/mode.conf needs a directory there")]
    public async Task A_file_in_a_directorys_place_is_a_refusal_in_a_tree_as_well(string path, string expected)
    {
        using var tree = new Tree();
        if (path == "/etc/old")
            await tree.Machine.RemoveAsync("/etc/old/mode.conf", default);
        await tree.Machine.RemoveAsync(path, default);
        await tree.Machine.WriteAsync(path, new Item(EntryKind.File, Ownership.Default, FileContent.Of("in the way\n")), default);
        var before = tree.Snapshot();
        var result = await Tree.Applier(tree.Machine).ApplyAsync(Tree.First, "apply", default);
        Assert.Equal(Outcome.Refused, result.Outcome);
        Assert.Contains(expected, result.Problem, StringComparison.Ordinal);
        Assert.Equal(before, tree.Snapshot());
    }

    [Fact]
    public async Task A_unit_that_the_run_had_not_come_to_is_not_restarted()
    {
        var host = await AppliedAsync();
        var failed = false;
        host.Fails = c => c == "systemctl restart clamav-daemon.service" && !failed && (failed = true);
        Assert.Equal(Outcome.RolledBack, (await Tree.Applier(host).ApplyAsync(Changed, "apply", default)).Outcome);
        Assert.Contains("systemctl restart clamav-daemon.service", host.Commands);
        Assert.DoesNotContain(host.Commands, c => c.Contains("exim4.service", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_was_cut_off_among_its_files_restarts_nothing_and_leaves_a_hand_edit_to_the_daemon_that_runs()
    {
        var host = await AppliedAsync();
        var exim = (await host.ReadAsync(Exim, default))!;
        await host.WriteAsync(Exim, new Item(EntryKind.File, new Ownership("root", "root", 0b110_110_110), exim), default);
        var before = host.Snapshot();
        await CutOffAsync(host, first: true);
        await Tree.Applier(host).RecoverAsync(default);
        Assert.Equal(before, host.Snapshot());
        Assert.DoesNotContain(
            host.Commands,
            c => c.Contains("restart", StringComparison.Ordinal) || c.Contains("stop", StringComparison.Ordinal)
        );
        Assert.Equal(GenerationState.RolledBack, (await new GenerationStore(host).AllAsync(default))[^1].State);
    }

    [Fact]
    public async Task What_was_mended_by_hand_after_the_interruption_is_left_and_named()
    {
        var host = await AppliedAsync();
        var before = host.Snapshot();
        var path = await CutOffAsync(host, first: false);
        await host.WriteAsync(path, new Item(EntryKind.File, Ownership.Default, FileContent.Of("mended\n")), default);
        var log = new Silence();
        var undone = await new Applier(host, new Judges(), new Judges(), new FixedClock(), log).RecoverAsync(default);
        Assert.Equal(before.Remove(path), host.Snapshot().Remove(path));
        Assert.Equal("mended\n", (await host.ReadAsync(path, default))!.Text);
        Assert.Contains(
            log.Heard,
            l => l.StartsWith(path, StringComparison.Ordinal) && l.Contains("is not restored", StringComparison.Ordinal)
        );
        Assert.Contains(
            undone!.Summary,
            l => l.StartsWith(path, StringComparison.Ordinal) && l.Contains("is not restored", StringComparison.Ordinal)
        );
        Assert.Equal(Outcome.Applied, (await Tree.Applier(host).ApplyAsync(Changed, "apply", default)).Outcome);
    }

    [Fact]
    public async Task What_cannot_be_put_back_is_named_the_rest_is_put_back_and_a_mended_host_can_be_applied_to()
    {
        var host = await AppliedAsync();
        var before = host.Snapshot();
        var path = await CutOffAsync(host, first: false);
        var hash = (await new GenerationStore(host).AllAsync(default))[^1].PathsBefore.Single(p => p.Path == path).State.Hash;
        await host.RemoveAsync($"{GenerationStore.Home}/objects/{hash}", default);
        var result = await Tree.Applier(host).ApplyAsync(Changed, "apply", default);
        Assert.Equal(Outcome.Broken, result.Outcome);
        Assert.Contains($"{path} cannot be restored", result.Problem, StringComparison.Ordinal);
        Assert.Equal(before.Remove(path), host.Snapshot().Remove(path));

        await host.WriteAsync(path, new Item(EntryKind.File, Ownership.Default, FileContent.Of("mended\n")), default);
        Assert.Equal(Outcome.Applied, (await Tree.Applier(host).ApplyAsync(Changed, "apply", default)).Outcome);
    }

    [Fact]
    public async Task At_boot_a_unit_that_is_disabled_again_does_not_start_either()
    {
        var host = LiveApplyTests.Host();
        host.Fails = c => c.StartsWith("systemctl start", StringComparison.Ordinal) ? throw new KilledException() : false;
        await Assert.ThrowsAsync<KilledException>(() => Tree.Applier(host).ApplyAsync(Minimal, "apply", default));
        host.Fails = _ => false;
        host.Commands.Clear();
        host.Answers["systemctl is-system-running"] = "starting\n";
        await Tree.Applier(host).RecoverAsync(default);
        foreach (var unit in Minimal.Units.Where(u => u.Unit.Running).Select(u => u.Unit.Name))
        {
            Assert.True(
                host.Commands.IndexOf($"systemctl disable {unit}") is >= 0 and var at
                    && at < host.Commands.IndexOf($"systemctl stop --no-block {unit}"),
                unit
            );
            Assert.False(host.Units[unit].Enabled);
        }

        Assert.DoesNotContain(
            host.Commands,
            c =>
                c.Contains(" mask", StringComparison.Ordinal)
                || (c.StartsWith("systemctl stop", StringComparison.Ordinal) && !c.Contains("--no-block", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void The_recovery_at_boot_comes_before_every_daemon()
    {
        var before = File.ReadLines(Path.Combine(Repository.Root, "src", "Debian", "gatehouse-recover.service"))
            .Where(l => l.StartsWith("Before=", StringComparison.Ordinal))
            .SelectMany(l => l["Before=".Length..].Split(' '))
            .ToHashSet();
        var daemons = Shipped
            .Templates("/nonexistent")
            .Components.SelectMany(c => c.Units)
            .Where(u => u.Running && u.Name.EndsWith(".service", StringComparison.Ordinal))
            .Select(u => u.Name);
        Assert.Empty(daemons.Except(before).Except(["systemd-journald.service"]));
    }

    [Fact]
    public async Task A_damaged_record_is_named_and_the_others_go_on_being_of_use()
    {
        var host = await AppliedAsync();
        Assert.Equal(Outcome.Applied, (await Tree.Applier(host).ApplyAsync(Changed, "apply", default)).Outcome);
        var path = $"{GenerationStore.Home}/generations/2.json";
        var store = new GenerationStore(host);
        foreach (var garbage in new[] { "garbage", "", "{}", "null" })
        {
            await host.WriteAsync(path, new Item(EntryKind.File, Ownership.Private, FileContent.Of(garbage)), default);
            Assert.Equal(1, (await store.CurrentAsync(default))!.Number);
            Assert.Equal(2, Assert.Single(await store.DamagedAsync(default)));
            Assert.StartsWith(
                $"{path} is damaged",
                (await Assert.ThrowsAsync<MachineException>(async () => await store.FindAsync(2, default))).Message,
                StringComparison.Ordinal
            );
        }

        var log = new Silence();
        var result = await new Applier(host, new Judges(), new Judges(), new FixedClock(), log).ApplyAsync(Minimal, "apply", default);
        Assert.Equal(Outcome.Applied, result.Outcome);
        Assert.True(result.Generation!.Number > 2);
        Assert.Contains(log.Heard, l => l.StartsWith($"{path} is damaged", StringComparison.Ordinal));
        Assert.Equal(result.Generation.Number, (await store.CurrentAsync(default))!.Number);
    }

    private static async Task<MemoryMachine> AppliedAsync()
    {
        var host = LiveApplyTests.Host();
        Assert.Equal(Outcome.Applied, (await Tree.Applier(host).ApplyAsync(Minimal, "apply", default)).Outcome);
        host.Commands.Clear();
        return host;
    }

    // The process ends after the first or the last file was written; returns the path of that file.
    private static async Task<string> CutOffAsync(MemoryMachine host, bool first)
    {
        var puts = (await Tree.Applier(host).PlanAsync(Changed, default))
            .Of<PutEntry>()
            .Where(p => p.Entry.Kind == EntryKind.File)
            .Select(p => p.Entry.Path)
            .ToArray();
        Assert.True(puts.Length > 1);
        var path = first ? puts[0] : puts[^1];
        await Assert.ThrowsAsync<KilledException>(() => Tree.Applier(new CutOffAfter(host, path)).ApplyAsync(Changed, "apply", default));
        host.Commands.Clear();
        return path;
    }
}
