using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>Applies of the real components on a host in memory.</summary>
public sealed class LiveApplyTests
{
    private static readonly RenderedNode Minimal = Samples.Render(Samples.Minimal);
    private static readonly RenderedNode Changed = Samples.Render(
        Samples.Minimal.Replace("mta:", "mta:\n  message_size_limit: 120M", StringComparison.Ordinal)
    );

    [Fact]
    public async Task After_an_apply_there_is_nothing_to_do()
    {
        var host = Host();
        Assert.Equal(Outcome.Applied, (await ApplyAsync(host, Minimal)).Outcome);
        Assert.Empty((await Tree.Applier(host).PlanAsync(Minimal, default)).Steps);
        Assert.Equal(Outcome.Nothing, (await ApplyAsync(host, Minimal)).Outcome);
        Assert.All(Minimal.Units.Where(u => u.Unit.Running), u => Assert.Equal(new UnitState(true, true, true), host.Units[u.Unit.Name]));
        Assert.All(Minimal.Units.Where(u => !u.Unit.Running), u => Assert.False(host.Units[u.Unit.Name].Active));
    }

    [Fact]
    public async Task Units_start_after_systemd_has_read_their_files_and_in_the_order_of_the_components()
    {
        var host = Host();
        await ApplyAsync(host, Minimal);
        var reload = host.Commands.IndexOf("systemctl daemon-reload");
        var starts = host.Commands.Where(c => c.StartsWith("systemctl start", StringComparison.Ordinal)).ToArray();
        Assert.True(reload >= 0 && reload < host.Commands.IndexOf(starts[0]));
        Assert.Equal(Minimal.Units.Where(u => u.Unit.Running).Select(u => $"systemctl start {u.Unit.Name}"), starts);
        Assert.True(host.Commands.FindIndex(c => c.StartsWith("apt-get", StringComparison.Ordinal)) < reload);
    }

    [Fact]
    public async Task A_changed_setting_touches_only_the_units_that_read_it()
    {
        var host = Host();
        await ApplyAsync(host, Minimal);
        host.Commands.Clear();
        Assert.Equal(Outcome.Applied, (await ApplyAsync(host, Changed)).Outcome);
        Assert.Equal(["systemctl restart clamav-daemon.service", "systemctl reload exim4.service"], host.Commands);
    }

    [Fact]
    public async Task A_new_domain_reloads_the_spam_scanner_and_leaves_it_running()
    {
        const string limited = "mta:\n  domains:\n    - {domain: example.org, destination: \"192.0.2.40:25\"}\n";
        var (before, after) = (
            Samples.Minimal.Replace("mta:\n", limited, StringComparison.Ordinal),
            Samples.Minimal.Replace(
                "mta:\n",
                $"{limited}    - {{domain: example.net, destination: \"192.0.2.40:25\"}}\n",
                StringComparison.Ordinal
            )
        );
        var host = Host();
        await ApplyAsync(
            host,
            Samples.Render(before.Replace("scanner:\n", "scanner:\n  limit_destination_network: 100\n", StringComparison.Ordinal))
        );
        host.Commands.Clear();
        Assert.Equal(
            Outcome.Applied,
            (
                await ApplyAsync(
                    host,
                    Samples.Render(after.Replace("scanner:\n", "scanner:\n  limit_destination_network: 100\n", StringComparison.Ordinal))
                )
            ).Outcome
        );
        Assert.DoesNotContain("systemctl restart rspamd.service", host.Commands);
    }

    [Fact]
    public void The_spam_scanner_has_time_for_its_slow_first_start() =>
        Assert.All(
            Minimal.Verifications.Where(v => v.Component == "rspamd"),
            v => Assert.True(v.Verification.Within >= TimeSpan.FromMinutes(5), v.Verification.Name)
        );

    [Fact]
    public async Task A_check_that_refuses_changes_nothing()
    {
        var host = Host();
        foreach (var package in Minimal.Packages)
            host.Packages.Add(package);
        var before = host.Snapshot();
        var result = await ApplyAsync(host, Minimal, new Judges { Refuses = "Exim reads its configuration" });
        Assert.Equal(Outcome.Refused, result.Outcome);
        Assert.Contains("Exim reads its configuration", result.Problem, StringComparison.Ordinal);
        Assert.Contains("line 3: bad", result.Problem, StringComparison.Ordinal);
        Assert.Equal(before, host.Snapshot());
        Assert.Empty(host.Commands);
    }

    [Theory]
    [InlineData("systemctl restart clamav-daemon.service")]
    [InlineData("systemctl reload exim4.service")]
    public async Task A_unit_that_does_not_take_the_change_is_put_back(string command)
    {
        var host = Host();
        await ApplyAsync(host, Minimal);
        var (files, units) = (host.Snapshot(), host.Units.ToImmutableSortedDictionary());
        var failed = false;
        host.Fails = c => c == command && !failed && (failed = true);
        var result = await ApplyAsync(host, Changed);
        Assert.Equal(Outcome.RolledBack, result.Outcome);
        Assert.Contains("it does not work", result.Problem, StringComparison.Ordinal);
        Assert.Equal(files, host.Snapshot());
        Assert.Equal(units, host.Units.ToImmutableSortedDictionary());
        Assert.Equal(GenerationState.RolledBack, (await new GenerationStore(host).AllAsync(default))[^1].State);
        Assert.Equal(1, (await new GenerationStore(host).CurrentAsync(default))!.Number);
    }

    [Fact]
    public async Task A_first_apply_whose_verification_fails_leaves_nothing_running_and_no_file()
    {
        var host = Host();
        foreach (var package in Minimal.Packages)
            host.Packages.Add(package);
        var (files, units) = (host.Snapshot(), host.Units.ToImmutableSortedDictionary());
        var judges = new Judges { Fails = "spam test (GTUBE)" };
        var result = await new Applier(host, judges, judges, new FixedClock(), new Silence()).ApplyAsync(Minimal, "apply", default);
        Assert.Equal(Outcome.RolledBack, result.Outcome);
        Assert.Contains("spam test (GTUBE): no answer", result.Problem, StringComparison.Ordinal);
        // A group membership stays: taking it away could take it from somebody else.
        Assert.Equal(files.Remove("/etc/group"), host.Snapshot().Remove("/etc/group"));
        Assert.Equal(units, host.Units.ToImmutableSortedDictionary());
    }

    [Fact]
    public async Task Packages_that_do_not_install_are_a_refusal_and_the_services_policy_is_taken_away()
    {
        var host = Host();
        host.Fails = c => c.StartsWith("apt-get", StringComparison.Ordinal);
        var before = host.Snapshot();
        Assert.Equal(Outcome.Refused, (await ApplyAsync(host, Minimal)).Outcome);
        Assert.Equal(before, host.Snapshot());
    }

    [Fact]
    public async Task Rollback_to_an_earlier_generation_restores_its_bytes()
    {
        var host = Host();
        await ApplyAsync(host, Minimal);
        var first = host.Snapshot();
        await ApplyAsync(host, Changed);
        Assert.NotEqual(first, host.Snapshot());
        await RollBackAsync(host, 1);
        Assert.Equal(first, host.Snapshot());
    }

    [Fact]
    public async Task Rollback_to_the_original_takes_every_file_away_and_stops_every_unit()
    {
        var host = Host();
        foreach (var package in Minimal.Packages)
            host.Packages.Add(package);
        var before = host.Snapshot();
        await ApplyAsync(host, Minimal);
        await RollBackAsync(host, 0);
        Assert.Equal(
            before.Keys,
            host.Snapshot().Where(i => !i.Value.StartsWith("Directory", StringComparison.Ordinal)).Select(i => i.Key)
        );
        Assert.All(host.Units.Values, u => Assert.False(u.Active));
    }

    internal static MemoryMachine Host() => new([.. Minimal.Units.Select(u => u.Unit.Name)]);

    private static async Task RollBackAsync(MemoryMachine host, int number)
    {
        var store = new GenerationStore(host);
        var target = (await store.FindAsync(number, default))!;
        var result = await Tree.Applier(host).ApplyAsync(await store.NodeAsync(target, default), $"rollback to {number}", default);
        Assert.True(result.Outcome == Outcome.Applied, result.Problem);
    }

    private static Task<ApplyResult> ApplyAsync(MemoryMachine host, RenderedNode node, Judges? judges = null) =>
        Tree.Applier(host, judges).ApplyAsync(node, "apply", default);
}
