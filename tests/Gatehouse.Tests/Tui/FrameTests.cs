using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Gatehouse.Tui;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;
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
        Wizards.Form(surface, Opened(screen), screen, Keys.Of(Key.None, Key.None, Key.None, Key.None, Key.None, Key.None));
        FrameFile.Expect($"screen-{screen}", surface);
    }

    [Theory]
    [MemberData(nameof(Screens))]
    public void A_screen_with_all_its_questions(string screen)
    {
        var surface = new MemorySurface(80, 60);
        var interview = Opened(screen);
        var advanced = Samples.Screens[screen]!.Fields.FirstOrDefault(f => f.Advanced && f.When is null)?.Path ?? "";
        var stage = new Stage(surface, () => { });
        Wizards.Play(
            surface,
            stage,
            new FormPage(
                stage,
                interview,
                Samples.Screens[screen]!,
                "mx1",
                () => Wizards.Steps(interview, screen),
                visited: false,
                field: advanced
            ),
            Keys.Of(Key.None, Key.None, Key.None, Key.None, Key.None, Key.None)
        );
        FrameFile.Expect($"screen-{screen}-all", surface);
    }

    [Theory]
    [MemberData(nameof(Screens))]
    public void The_help_of_a_screen(string screen)
    {
        var surface = new MemorySurface();
        var stage = new Stage(surface, () => { });
        Wizards.Play(
            surface,
            stage,
            new FormPage(
                stage,
                Opened(screen),
                Samples.Screens[screen]!,
                "mx1",
                () => Wizards.Steps(Opened(screen), screen),
                visited: false
            ),
            Keys.Of(Key.Up, Key.Help, Key.None)
        );
        FrameFile.Expect($"help-screen-{screen}", surface);
    }

    // What makes a screen appear has been answered.
    private static Interview Opened(string screen)
    {
        var interview = Wizards.For(screen);
        if (screen == "quarantine")
            interview.Enter(Samples.Screens.Fields.First(f => f.Path == "scanner.quarantine_shared"), "built-in");
        return interview;
    }

    [Fact]
    public void The_values_of_a_choice_are_listed_with_their_meaning()
    {
        var surface = new MemorySurface();
        Wizards.Form(surface, Wizards.Interview(), "scanner", Keys.Of(Key.Tab, Key.Tab), Keys.Type(" "), Keys.Of(Key.Down, Key.None));
        FrameFile.Expect("choice", surface);
    }

    [Fact]
    public void A_second_console_is_told_who_is_at_work()
    {
        var root = Directory.CreateTempSubdirectory("gatehouse-lock").FullName;
        try
        {
            var home = Wizards.Session(root).Home;
            using var first = SetupLock.TryTake(home, "/dev/tty1");
            Assert.Null(SetupLock.TryTake(home, "/dev/pts/0"));
            PrivateFile.Write(home.File("holder"), Holder("asking"));
            var surface = new MemorySurface { Script = Keys.Of(Key.None, Key.Enter).GetEnumerator() };
            Assert.Null(TuiTakeOver.Take(home, surface, "/dev/pts/0", () => null));
            FrameFile.Expect("in-use", surface);
            PrivateFile.Write(home.File("holder"), Holder("applying"));
            surface.Script = Keys.Of(Key.None, Key.Enter).GetEnumerator();
            Assert.Null(TuiTakeOver.Take(home, surface, "/dev/pts/0", () => null));
            FrameFile.Expect("in-use-applying", surface);
        }
        finally
        {
            Directory.Delete(root, true);
        }
    }

    // Noon where the test runs, for the time is shown as the clock on the wall has it.
    private static byte[] Holder(string state) =>
        System.Text.Encoding.UTF8.GetBytes(
            $"4711\n/dev/tty1\n{new DateTimeOffset(new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Local)):O}\n{state}\n"
        );

    [Theory]
    [MemberData(nameof(Fields))]
    public void The_help_of_a_field_says_everything_in_one_page(string path)
    {
        var surface = new MemorySurface();
        var field = Samples.Screens.Fields.First(f => f.Path == path);
        Wizards.Play(
            surface,
            new Stage(surface, () => { }),
            new TextPage(field.Label, FieldHelp.Of(field).Select(t => new TextRow(t)), ["Close"]),
            Keys.Of(Key.None, Key.None, Key.None, Key.None, Key.None, Key.None)
        );
        Assert.False(surface.Shows(" v|"), "it does not fit");
        FrameFile.Expect($"help-{path}", surface);
    }
}
