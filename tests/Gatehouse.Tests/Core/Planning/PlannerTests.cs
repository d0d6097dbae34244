using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Planning;

/// <summary>What is planned for which difference.</summary>
public sealed class PlannerTests
{
    private static readonly ComponentUnit Unit = new("app.service", true, ["/etc/app/restart.conf"], ["/etc/app/"], "");
    private static readonly RenderedNode Wanted = Node(
        [Unit],
        ("/etc/app/restart.conf", "1"),
        ("/etc/app/reload.conf", "1"),
        ("/etc/other.conf", "1")
    );

    [Theory]
    [InlineData("/etc/app/restart.conf", "restart app.service")]
    [InlineData("/etc/app/reload.conf", "reload app.service")]
    [InlineData("/etc/other.conf", "")]
    public void A_unit_restarts_reloads_or_stays_by_what_changed(string path, string expected)
    {
        var plan = Planner.Plan(InForce(Wanted), Actual(Wanted, edited: path), Wanted);
        Assert.Equal(expected, string.Join(", ", plan.Of<UnitAction>().Select(a => a.Describe())));
        Assert.Equal($"change {path} (edited by hand; a rollback restores the edit)", Assert.Single(plan.Of<PutEntry>()).Describe());
    }

    [Fact]
    public void Nothing_differs_nothing_is_planned() => Assert.Empty(Planner.Plan(InForce(Wanted), Actual(Wanted), Wanted).Steps);

    [Fact]
    public void What_a_generation_leaves_unchanged_is_not_called_an_edit()
    {
        var next = Node([Unit], ("/etc/app/reload.conf", "2"), ("/etc/app/restart.conf", "1"), ("/etc/other.conf", "1"));
        Assert.Equal(
            "change /etc/app/reload.conf",
            Assert.Single(Planner.Plan(InForce(Wanted), Actual(Wanted), next).Of<PutEntry>()).Describe()
        );
    }

    [Fact]
    public void Files_and_units_that_are_dropped_go()
    {
        var next = Node([], ("/etc/other.conf", "1"));
        var plan = Planner.Plan(InForce(Wanted), Actual(Wanted), next);
        Assert.Equal(
            ["stop app.service", "disable app.service", "remove /etc/app/restart.conf", "remove /etc/app/reload.conf"],
            plan.Steps.Select(s => s.Describe())
        );
    }

    [Fact]
    public void A_stopped_unit_starts_and_a_disabled_one_is_enabled()
    {
        var actual = Actual(Wanted) with
        {
            Units = ImmutableDictionary<string, UnitState>.Empty.Add("app.service", new UnitState(true, false, false)),
        };
        Assert.Equal(
            ["enable app.service", "reload systemd's unit files", "start app.service"],
            Planner.Plan(InForce(Wanted), actual, Wanted).Steps.Select(s => s.Describe())
        );
    }

    [Fact]
    public void In_a_tree_no_unit_is_planned()
    {
        var actual = new ActualState(
            ImmutableDictionary<string, PathState>.Empty,
            [],
            [],
            ImmutableDictionary<string, UnitState>.Empty,
            false
        );
        Assert.All(Planner.Plan(null, actual, Wanted).Steps, s => Assert.IsType<PutEntry>(s));
    }

    [Fact]
    public void Every_kind_of_step_describes_itself()
    {
        var kinds = typeof(Step).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Step))).ToArray();
        var shown = Planner
            .Plan(
                null,
                new ActualState(
                    ImmutableDictionary<string, PathState>.Empty,
                    ["p"],
                    [new Membership("u", "g", "n")],
                    ImmutableDictionary<string, UnitState>.Empty,
                    true
                ),
                Samples.Render(Samples.Minimal)
            )
            .Steps;
        Assert.Equal(kinds.Select(k => k.Name).Order(), shown.Select(s => s.GetType().Name).Distinct().Order());
        Assert.All(shown, s => Assert.NotEmpty(s.Describe()));
    }

    private static ActualState Actual(RenderedNode node, string edited = "") =>
        new(
            node.Entries.ToImmutableDictionary(
                e => e.Path,
                e => new PathState(e.Kind, e.Path == edited ? "another" : e.Hash, e.Target, e.Owner)
            ),
            [],
            [],
            node.Units.ToImmutableDictionary(u => u.Unit.Name, _ => new UnitState(true, true, true)),
            true
        );

    private static Generation InForce(RenderedNode node) =>
        new()
        {
            Number = 1,
            Time = Samples.Now,
            State = GenerationState.Good,
            Reason = "apply",
            Node = node,
            PathsBefore = [],
            UnitsBefore = [],
            Summary = [],
        };

    private static RenderedNode Node(ComponentUnit[] units, params (string Path, string Text)[] files) =>
        new()
        {
            Packages = [],
            Entries =
            [
                .. files.Select(f => new RenderedEntry(
                    "app",
                    EntryKind.File,
                    f.Path,
                    Ownership.Default,
                    FileContent.Of(f.Text).Hash,
                    "",
                    false
                )),
            ],
            Members = [],
            Reactions = [],
            Units = [.. units.Select(u => new RenderedUnit("app", u))],
            Checks = [],
            Verifications = [],
            Overridden = [],
        };
}
