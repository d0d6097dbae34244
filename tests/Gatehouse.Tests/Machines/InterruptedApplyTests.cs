using System.Collections.Immutable;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>Kills and failures at every single operation of an apply, on real files.</summary>
public sealed class InterruptedApplyTests
{
    public static TheoryData<bool, string> Kills =>
        new()
        {
            { false, "KilledBefore" },
            { false, "KilledAfter" },
            { false, "KilledWithin" },
            { true, "KilledBefore" },
            { true, "KilledAfter" },
            { true, "KilledWithin" },
        };

    [Theory]
    [MemberData(nameof(Kills))]
    public async Task A_kill_at_any_operation_leaves_the_old_or_the_new_and_the_next_run_converges(bool second, string fault)
    {
        var wanted = second ? Tree.Second : Tree.First;
        var after = await WantedAsync(second);
        var struck = 0;
        for (var number = 0; ; number++)
        {
            using var tree = await StartAsync(second);
            var before = tree.Snapshot();
            var faulty = new FaultyMachine(tree.Machine, Enum.Parse<Fault>(fault), number);
            try
            {
                await Tree.Applier(faulty).ApplyAsync(wanted, "apply", default);
            }
            catch (KilledException)
            {
                struck++;
            }

            if (!faulty.Struck)
                break;
            await Tree.Applier(tree.Machine).RecoverAsync(default);
            Assert.Contains(Text(tree.Snapshot()), new[] { Text(before), Text(after) });
            var result = await Tree.Applier(tree.Machine).ApplyAsync(wanted, "apply", default);
            Assert.Contains(result.Outcome, new[] { Outcome.Applied, Outcome.Nothing });
            Assert.Equal(after, tree.Snapshot());
            Assert.True((await Tree.Applier(tree.Machine).PlanAsync(wanted, default)).IsEmpty);
        }

        Assert.True(struck > 40, $"only {struck} operations were interrupted");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_recovery_that_is_killed_as_well_is_finished_by_the_next(bool second)
    {
        var wanted = second ? Tree.Second : Tree.First;
        var struck = 0;
        for (var number = 0; ; number++)
        {
            using var tree = await StartAsync(second);
            var before = tree.Snapshot();
            // The middle of the swap: the last write of a managed file has just happened.
            await CutOffAsync(tree, wanted);
            var faulty = new FaultyMachine(tree.Machine, Fault.KilledAfter, number);
            try
            {
                await Tree.Applier(faulty).RecoverAsync(default);
            }
            catch (KilledException)
            {
                struck++;
            }

            await Tree.Applier(tree.Machine).RecoverAsync(default);
            Assert.Equal(before, tree.Snapshot());
            if (!faulty.Struck)
                break;
        }

        Assert.True(struck > 10, $"only {struck} operations were interrupted");
    }

    [Theory]
    [InlineData(false, "Fails")]
    [InlineData(true, "Fails")]
    [InlineData(false, "DiskFull")]
    [InlineData(true, "DiskFull")]
    public async Task A_failure_at_any_operation_puts_every_byte_back(bool second, string fault)
    {
        var wanted = second ? Tree.Second : Tree.First;
        var after = await WantedAsync(second);
        var outcomes = new HashSet<Outcome>();
        for (var number = 0; ; number++)
        {
            using var tree = await StartAsync(second);
            var before = tree.Snapshot();
            var faulty = new FaultyMachine(tree.Machine, Enum.Parse<Fault>(fault), number);
            ApplyResult? result = null;
            try
            {
                result = await Tree.Applier(faulty).ApplyAsync(wanted, "apply", default);
            }
            catch (MachineException)
            {
                // Looking for an apply that was cut off failed: that is before anything.
                Assert.True(number < 4, $"operation {number} failed and escaped");
            }

            if (!faulty.Struck)
                break;
            if (result is not null)
                outcomes.Add(result.Outcome);
            Assert.DoesNotContain(result?.Outcome ?? Outcome.Refused, new[] { Outcome.Broken, Outcome.Nothing });
            Assert.Equal(result?.Outcome == Outcome.Applied ? after : before, tree.Snapshot());
            if (result?.Outcome is Outcome.Refused or Outcome.RolledBack)
                Assert.NotEmpty(result.Problem);
            if (result is { Outcome: not Outcome.Applied })
                Assert.Equal(EntryKind.Absent, (await tree.Machine.StatAsync(GenerationStore.Home + "/reserve", default)).Kind);
        }

        Assert.Superset(new HashSet<Outcome> { Outcome.Refused, Outcome.RolledBack }, outcomes);
    }

    [Fact]
    public async Task A_recovery_that_fails_again_is_told_as_a_host_that_needs_somebody_and_can_be_tried_again()
    {
        using var tree = await StartAsync(true);
        var before = tree.Snapshot();
        await CutOffAsync(tree, Tree.Second);
        var results = new List<ApplyResult>();
        for (var number = 0; ; number++)
        {
            var faulty = new FaultyMachine(tree.Machine, Fault.Fails, number);
            try
            {
                results.Add(await Tree.Applier(faulty).ApplyAsync(Tree.Second, "apply", default));
            }
            catch (MachineException)
            {
                // Whether an apply was cut off could not be seen.
            }

            if (results is [.., { Outcome: Outcome.Broken } broken])
            {
                Assert.Contains("could not be rolled back", broken.Problem, StringComparison.Ordinal);
                break;
            }

            Assert.True(faulty.Struck, "no failure of the recovery was told");
        }

        await Tree.Applier(tree.Machine).RecoverAsync(default);
        Assert.Equal(before, tree.Snapshot());
    }

    private static string Text(ImmutableSortedDictionary<string, string> snapshot) =>
        string.Join('\n', snapshot.Select(p => $"{p.Key} {p.Value}"));

    private static async Task<Tree> StartAsync(bool second)
    {
        var tree = new Tree();
        if (second)
            Assert.Equal(Outcome.Applied, (await Tree.Applier(tree.Machine).ApplyAsync(Tree.First, "apply", default)).Outcome);
        return tree;
    }

    private static async Task<ImmutableSortedDictionary<string, string>> WantedAsync(bool second)
    {
        using var tree = await StartAsync(second);
        Assert.Equal(
            Outcome.Applied,
            (await Tree.Applier(tree.Machine).ApplyAsync(second ? Tree.Second : Tree.First, "apply", default)).Outcome
        );
        return tree.Snapshot();
    }

    private static async Task CutOffAsync(Tree tree, RenderedNode wanted)
    {
        var last = new FaultyMachine(new CutOffAfter(tree.Machine, "/etc/zone"), Fault.None, -1);
        await Assert.ThrowsAsync<KilledException>(() => Tree.Applier(last).ApplyAsync(wanted, "apply", default));
    }
}
