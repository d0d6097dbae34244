using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Machines;
using Gatehouse.Terminal;
using Gatehouse.Tests.Support;
using Gatehouse.Tui;
using Gatehouse.Tui.Drawing;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>Whole ways through the wizard on the full screen, over a tree.</summary>
public sealed class WizardTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gatehouse-wizard").FullName;
    private readonly MemorySurface surface = new();

    [Fact]
    public void A_gateway_is_set_up_by_keys_alone()
    {
        var code = Run(Script());
        Assert.Equal(ExitCodes.Done, code);
        Assert.True(File.Exists(Path.Combine(root, "etc/gatehouse/answers.yaml")));
        Assert.False(File.Exists(Path.Combine(root, "var/lib/gatehouse/setup/draft.json")), "the draft is still there");

        IEnumerable<Press> Script()
        {
            foreach (var press in ToReview())
                yield return press;
            FrameFile.Expect("review", surface);
            foreach (var press in Keys.Of(Key.Left, Key.Left, Key.Enter, Key.None))
                yield return press;
            FrameFile.Expect("review-files", surface);
            foreach (var press in Keys.Of(Key.Down, Key.Down, Key.Enter).Concat(Keys.Until(surface, "+++")))
                yield return press;
            foreach (var press in Keys.Of(Key.Escape, Key.Escape, Key.Right, Key.Right, Key.Enter, Key.None))
                yield return press;
            FrameFile.Expect("apply-question", surface);
            foreach (var press in Keys.Type("maybe\n").Concat(Keys.Of(Key.None)))
                yield return press;
            FrameFile.Expect("apply-question-wrong", surface);
            foreach (var press in Keys.Of(Key.Kill).Concat(Keys.Type("yes\n")).Concat(Keys.Until(surface, "What to do next")))
                yield return press;
            FrameFile.Expect("done", surface);
            foreach (var press in Keys.Of(Key.Right, Key.Enter, Key.None))
                yield return press;
            Assert.True(surface.Shows(File.ReadAllText(Path.Combine(root, "etc/gatehouse/secrets/web-password")).Trim()), surface.Frame);
            foreach (var press in Keys.Of(Key.Enter, Key.Right, Key.Enter, Key.None))
                yield return press;
            Assert.True(surface.Shows("To which file?"), surface.Frame);
            foreach (var press in Keys.Of(Key.Kill).Concat(Keys.Type("/proc/nothing\n")).Concat(Keys.Of(Key.None)))
                yield return press;
            Assert.True(surface.Shows("Not saved"), surface.Frame);
            foreach (var press in Keys.Of(Key.Enter, Key.Enter, Key.Kill).Concat(Keys.Type($"{root}/answers\n")).Concat(Keys.Of(Key.None)))
                yield return press;
            Assert.True(surface.Shows("The answers are in"), surface.Frame);
            Assert.Equal(
                File.ReadAllText(Path.Combine(root, "etc/gatehouse/answers.yaml")),
                File.ReadAllText(Path.Combine(root, "answers"))
            );
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(root, "answers")));
            foreach (var press in Keys.Of(Key.Enter, Key.Left, Key.Left))
                yield return press;
            yield return new Press(Key.Enter);
        }
    }

    [Fact]
    public void What_was_typed_is_there_again_at_the_same_field()
    {
        Assert.Throws<WizardEndedException>(() => Run(First()));
        Assert.Throws<WizardEndedException>(() => Run(Second()));

        IEnumerable<Press> First() => Keys.Of(Key.None, Key.Enter, Key.None, Key.PageDown, Key.Tab).Concat(Keys.Type("Example Ltd"));

        IEnumerable<Press> Second()
        {
            foreach (var press in Keys.Until(surface, "Saved earlier:"))
                yield return press;
            FrameFile.Expect("start-draft", surface);
            foreach (var press in Keys.Of(Key.Enter, Key.None))
                yield return press;
            Assert.True(surface.Shows("> 2 Scanner"), surface.Frame);
            Assert.True(surface.Shows("Example Ltd_"), surface.Frame);
            foreach (var press in Keys.Type(" 2").Concat(Keys.Of(Key.None)))
                yield return press;
            Assert.True(surface.Shows("Example Ltd 2_"), surface.Frame);
        }
    }

    [Fact]
    public void Passwords_are_kept_only_when_that_was_asked_for()
    {
        var secret = "correct horse battery";
        Run(ToWeb(secret).Concat(Keys.Of(Key.Escape, Key.Right, Key.Enter)));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories),
            f => File.ReadAllText(f).Contains(secret, StringComparison.Ordinal)
        );

        Run(Quit());
        var kept = Assert.Single(
            Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories),
            f => File.ReadAllText(f).Contains(secret, StringComparison.Ordinal)
        );
        Assert.Equal("secrets.json", Path.GetFileName(kept));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));

        IEnumerable<Press> Quit()
        {
            foreach (var press in Keys.Of(Key.Down).Concat(ToWeb(secret)).Concat(Keys.Of(Key.Escape, Key.None)))
                yield return press;
            FrameFile.Expect("quit-question", surface);
            foreach (var press in Keys.Of(Key.Right, Key.Right, Key.Right, Key.Enter, Key.Right, Key.Enter))
                yield return press;
        }
    }

    [Fact]
    public void Only_the_screens_that_an_answer_file_calls_interactive_are_asked()
    {
        var report = new Report();
        var given = AnswerFile.Read(
            "answers.yaml",
            System.Text.Encoding.UTF8.GetBytes($"interactive: [mta]\n{Samples.Minimal}"),
            Samples.Screens,
            report
        );
        Assert.Empty(report);
        Assert.Throws<WizardEndedException>(() => Run(Keys.Of(Key.None), given));
        Assert.True(surface.Shows("> 1 MTA"), surface.Frame);
        Assert.True(surface.Shows("2 Review"), surface.Frame);
        Assert.False(surface.Shows("Scanner"), surface.Frame);
    }

    [Fact]
    public void Steps_that_were_gone_through_can_be_jumped_to_and_no_others()
    {
        Assert.Throws<WizardEndedException>(() => Run(Script()));

        IEnumerable<Press> Script()
        {
            foreach (var press in Keys.Of(Key.None, Key.Enter, Key.PageDown, Key.Steps, Key.None))
                yield return press;
            FrameFile.Expect("steps", surface);
            foreach (var press in Keys.Of(Key.Down, Key.Enter, Key.Up, Key.Up, Key.Enter, Key.None))
                yield return press;
            Assert.True(surface.Shows("> 1 System"), surface.Frame);
        }
    }

    [Fact]
    public void A_failure_is_told_with_what_can_be_done()
    {
        ApplyLock? other = null;
        var code = Run(Script());
        Assert.Equal(ExitCodes.Refused, code);
        var report = Assert.Single(Directory.GetFiles(Path.Combine(root, "var/lib/gatehouse/setup"), "report-*"));
        Assert.Contains("another gatehouse process is applying", File.ReadAllText(report), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(report));

        IEnumerable<Press> Script()
        {
            foreach (var press in ToReview().Concat(Keys.Of(Key.Enter)))
                yield return press;
            other = ApplyLock.Take(Path.Combine(root, "var/lib/gatehouse"));
            foreach (var press in Keys.Type("yes\n").Concat(Keys.Until(surface, "Retry")))
                yield return press;
            FrameFile.Expect("failed", surface);
            foreach (var press in Keys.Of(Key.Right, Key.Right, Key.Enter, Key.None))
                yield return press;
            Assert.True(surface.Shows("The report is in"), surface.Frame);
            other.Dispose();
            foreach (var press in Keys.Of(Key.Enter, Key.Escape))
                yield return press;
        }
    }

    [Fact]
    public void A_node_that_is_set_up_shows_what_changes()
    {
        Directory.CreateDirectory(Path.Combine(root, "etc/gatehouse"));
        File.WriteAllText(Path.Combine(root, "etc/gatehouse/answers.yaml"), Samples.Minimal);
        Assert.Throws<WizardEndedException>(() => Run(Script()));

        IEnumerable<Press> Script()
        {
            yield return new Press(Key.None);
            Assert.True(surface.Shows("Change this node's settings"), surface.Frame);
            foreach (
                var press in Keys.Of(Key.Enter, Key.PageDown, Key.Tab)
                    .Concat(Keys.Type("Example Ltd"))
                    .Concat(Keys.Of(Key.PageDown, Key.PageDown, Key.PageDown))
                    .Concat(Keys.Until(surface, "[Back]  [Files]"))
            )
                yield return press;
            Assert.True(surface.Shows("1 setting differs from those in force"), surface.Frame);
            foreach (var press in Keys.Of(Key.End, Key.None))
                yield return press;
            FrameFile.Expect("review-changed", surface);
        }
    }

    [Theory]
    [InlineData(20, 8)]
    [InlineData(40, 12)]
    [InlineData(60, 16)]
    [InlineData(132, 43)]
    public void It_lays_itself_out_anew_at_any_size(int columns, int rows)
    {
        Assert.Throws<WizardEndedException>(() => Run(Script()));

        IEnumerable<Press> Script()
        {
            foreach (var press in Keys.Of(Key.None, Key.Enter, Key.PageDown, Key.Tab).Concat(Keys.Type("Example")))
                yield return press;
            surface.Resize(columns, rows);
            foreach (var press in Keys.Of(Key.Repaint, Key.None))
                yield return press;
            Assert.True(surface.Shows("Example_"), surface.Frame);
            Assert.Equal("Example_", surface.Frame.Split('\n')[surface.CursorShown.Y].Substring(surface.CursorShown.X - 7, 8));
            FrameFile.Expect($"size-{columns}x{rows}", surface);
        }
    }

    [Fact]
    public void On_a_low_screen_the_column_of_steps_follows_the_current_one()
    {
        var low = new MemorySurface(80, 14);
        var steps = Enumerable.Range(1, 14).Select(i => new StepMark($"Screen{i}", i == 12 ? StepState.Current : StepState.Open)).ToArray();
        Frame.Draw(low, "mx1", "Screen12", steps, "");
        low.Flush();
        Assert.True(low.Shows("> 12 Screen12"), low.Frame);
        Assert.True(low.Shows("14 Screen14"), low.Frame);
        Assert.False(low.Shows(" 1 Screen1 "), low.Frame);
    }

    [Fact]
    public void The_start_page_and_its_help()
    {
        Assert.Throws<WizardEndedException>(() => Run(Script()));

        IEnumerable<Press> Script()
        {
            yield return new Press(Key.None);
            FrameFile.Expect("start", surface);
            foreach (var press in Keys.Of(Key.Help, Key.None))
                yield return press;
            FrameFile.Expect("start-help", surface);
        }
    }

    public void Dispose() => Directory.Delete(root, true);

    private static IEnumerable<Press> ToWeb(string password) =>
        Keys.Of(Key.None, Key.Enter, Key.PageDown, Key.PageDown)
            .Concat(Keys.Type("example.org mail.example.org"))
            .Concat(Keys.Of(Key.Tab, Key.Tab, Key.Tab))
            .Concat(Keys.Type("postmaster@example.com"))
            .Concat(Keys.Of(Key.PageDown, Key.Tab, Key.Tab))
            .Concat(Keys.Type($"{password}\n{password}"));

    private IEnumerable<Press> ToReview() => ToWeb("").Concat(Keys.Of(Key.PageDown)).Concat(Keys.Until(surface, "[Back]  [Files]"));

    private int Run(IEnumerable<Press> script, Answers? given = null)
    {
        var session = Wizards.Session(root, given: given);
        using var only = SetupLock.TryTake(session.Home, "/dev/tty1") ?? throw new InvalidOperationException("the lock is held");
        surface.Script = script.GetEnumerator();
        return new TuiWizard(session, surface, only, "/dev/tty1", "mx1", () => null).Go();
    }
}
