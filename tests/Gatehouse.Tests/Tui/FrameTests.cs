using Gatehouse.Core.Wizard;
using Gatehouse.Tests.Support;
using Gatehouse.Tui;
using Gatehouse.Tui.Pages;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>What the wizard looks like on 80x24: every screen, help page, finding and dialog.</summary>
public sealed class FrameTests
{
    public static TheoryData<string> Screens => [.. Samples.Screens.Screens.Select(s => s.Id)];

    public static TheoryData<string> Fields => [.. Samples.Screens.Fields.Select(f => f.Path)];

    [Theory]
    [MemberData(nameof(Screens))]
    public void A_screen_with_its_usual_questions(string screen)
    {
        var surface = new MemorySurface();
        Wizards.Form(surface, Wizards.Interview(), screen, Keys.Of(Key.None, Key.None, Key.None, Key.None, Key.None, Key.None));
        FrameFile.Expect($"screen-{screen}", surface);
    }

    [Theory]
    [MemberData(nameof(Screens))]
    public void A_screen_with_all_its_questions(string screen)
    {
        var surface = new MemorySurface(80, 60);
        var interview = Wizards.Interview();
        var advanced = Samples.Screens[screen]!.Fields.FirstOrDefault(f => f.Advanced && f.When is null)?.Path ?? "";
        var stage = new Stage(surface, () => { });
        Wizards.Play(surface, stage, new FormPage(stage, interview, Samples.Screens[screen]!, "mx1", () => Wizards.Steps(interview, screen), visited: false, field: advanced), Keys.Of(Key.None, Key.None, Key.None, Key.None, Key.None, Key.None));
        FrameFile.Expect($"screen-{screen}-all", surface);
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void The_help_of_a_field_says_everything_in_one_page(string path)
    {
        var surface = new MemorySurface();
        var field = Samples.Screens.Fields.First(f => f.Path == path);
        Wizards.Play(surface, new Stage(surface, () => { }), new TextPage(field.Label, FieldHelp.Of(field).Select(t => new TextRow(t)), ["Close"]), Keys.Of(Key.None, Key.None, Key.None, Key.None, Key.None, Key.None));
        Assert.False(surface.Shows(" v|"), "it does not fit");
        FrameFile.Expect($"help-{path}", surface);
    }
}
