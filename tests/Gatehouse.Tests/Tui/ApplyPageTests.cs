using Gatehouse.Core.Planning;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>An apply on the screen while it goes.</summary>
public sealed class ApplyPageTests
{
    [Fact]
    public void It_shows_phases_progress_and_on_demand_the_log()
    {
        var surface = new MemorySurface();
        var stage = new Stage(surface, () => { });
        using var run = new ApplyRun(new Wizards.StillClock());
        var node = Samples.Render(Samples.Minimal);
        var plan = Planner.Plan(
            null,
            new ActualState(
                System.Collections.Immutable.ImmutableDictionary<string, PathState>.Empty,
                node.Packages,
                node.Members,
                System.Collections.Immutable.ImmutableDictionary<string, UnitState>.Empty,
                true
            ),
            node
        );
        var done = new TaskCompletionSource<ApplyResult>();
        run.Begin(ct => done.Task.WaitAsync(ct));
        var page = new ApplyPage(stage, run, plan, "mx1", () => [new StepMark("Review", StepState.Current)]);
        surface.Script = Script().GetEnumerator();
        stage.Show(page);
        Assert.True(run.IsCancelled);
        Assert.Equal(Outcome.Refused, run.Wait().Outcome);

        IEnumerable<Press> Script()
        {
            run.Begin(Phase.Packages, 1);
            run.Done(plan.In(Phase.Packages).First(), true, "", TimeSpan.FromSeconds(11));
            var checks = plan.In(Phase.Check).ToArray();
            run.Begin(Phase.Check, checks.Length);
            run.Done(checks[0], true, "", TimeSpan.Zero);
            run.Line("rspamd: syntax OK");
            yield return new Press(Key.None);
            yield return new Press(Key.None);
            FrameFile.Expect("applying", surface);
            yield return new Press(Key.Log);
            yield return new Press(Key.None);
            FrameFile.Expect("applying-log", surface);
            yield return new Press(Key.Help);
            yield return new Press(Key.None);
            FrameFile.Expect("applying-help", surface);
            yield return new Press(Key.Enter);
            yield return new Press(Key.Escape);
            yield return new Press(Key.None);
            FrameFile.Expect("applying-stop", surface);
            foreach (var press in Keys.Of(Key.Right, Key.Enter))
                yield return press;
            while (true)
                yield return new Press(Key.None);
        }
    }
}
