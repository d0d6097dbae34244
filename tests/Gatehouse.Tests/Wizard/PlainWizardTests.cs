using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Wizard;
using Gatehouse.Core.Yaml;
using Gatehouse.Terminal;
using Gatehouse.Tests.Support;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Wizard;

/// <summary>The wizard line by line, from strings.</summary>
public sealed class PlainWizardTests
{
    [Fact]
    public void A_whole_set_up_goes_to_the_review_and_changes_nothing_without_a_yes()
    {
        using var run = new PlainRun();
        var before = run.Tree.Snapshot();
        var (code, text) = run.Go([.. PlainRun.Whole, "apply", "on", "apply", "no", "!", "yes"]);
        Assert.Equal(ExitCodes.Cancelled, code);
        Assert.Contains("Step 3 of 5: MTA.", text);
        Assert.Contains("Step 5 of 5: Review.", text);
        Assert.Contains("What will happen:", text);
        Assert.Contains("Nothing has been changed; only 'yes' starts the apply.", text);
        Assert.Equal(before, run.Tree.Snapshot());
    }

    [Fact]
    public void Everything_said_fits_the_line_but_for_prompts()
    {
        using var run = new PlainRun();
        var (_, text) = run.Go([.. PlainRun.Whole, "?", "!", "no"]);
        Assert.All(text.Split('\n').Where(l => !l.Contains("]: ", StringComparison.Ordinal)), l => Assert.True(l.Length <= 78, l));
        Assert.DoesNotContain('\e', text);
    }

    [Fact]
    public void Saved_answers_are_those_of_the_model()
    {
        var path = Path.Combine(Path.GetTempPath(), $"gatehouse-answers-{Guid.NewGuid():N}.yaml");
        using var run = new PlainRun { SaveTo = path };
        var (_, text) = run.Go([.. PlainRun.Whole, "!", "y"]);
        Assert.Contains($"The answers are in {path}.", Flat(text));
        var draft = run.Home.ReadDraft()!;
        var interview = new Interview(Samples.Screens, Samples.Facts, Nothing, w => [], p => $"/s/{p}", "standalone");
        interview.Restore(draft);
        var expected = AnswerWriter.Write(Samples.Screens, interview.Answers);
        Assert.EndsWith(expected, File.ReadAllText(path));
        File.Delete(path);
        Assert.Contains("postmaster: postmaster@example.com", expected);
        Assert.Contains("destination: mail.example.com", expected);
    }

    [Fact]
    public void A_bad_value_is_told_and_asked_again_and_the_old_one_stays()
    {
        using var run = new PlainRun();
        var (_, text) = run.Go("1", "mx1.example.org", "192.0.2.300", "192.0.2.10", "<", "nonsense!", "");
        Assert.Contains(" is not an IPv4 or IPv6 address.\nAddress (IPv4 or IPv6): ", text);
        Assert.Contains("Address (IPv4 or IPv6) [192.0.2.10]: nonsense!\nError: ", text);
        Assert.Equal("192.0.2.10", run.Home.ReadDraft()!.Texts["system.address"]);
    }

    [Fact]
    public void A_value_that_is_needed_is_asked_until_it_is_there()
    {
        using var run = new PlainRun();
        var (_, text) = run.Go("1", "", "", "mx1.example.org");
        Assert.Equal(2, text.Split("Error: A value is needed here, such as mx1.example.org.").Length - 1);
        Assert.EndsWith(
            "at the question 'Address'. Nothing has been changed. What was typed is kept: 'gatehouse setup' continues where it stopped. ",
            Flat(text)
        );
    }

    [Fact]
    public void Help_back_clear_and_a_backslash()
    {
        using var run = new PlainRun();
        var (_, text) = run.Go("1", "mx1.example.org", "?", "192.0.2.10", "Frankfurt", "<", "-", "<", "\\-", "UTC", "<", "<", "?");
        Assert.Contains("In an answer file: system.address", text);
        Assert.Contains("Location [Frankfurt]: -", text);
        Assert.Equal("-", run.Home.ReadDraft()!.Texts["system.location"]);
        Assert.Equal("system.location", run.Home.ReadDraft()!.Field);
    }

    [Fact]
    public void Back_goes_over_screens_and_stops_at_the_first_question()
    {
        using var run = new PlainRun();
        var (_, text) = run.Go(["1", "<", .. PlainRun.SystemScreen, "<", "<", "192.0.2.128/25", ""]);
        Assert.Contains("This is the first question.", text);
        Assert.Contains("Site name [GATEHOUSE]: <\n\nStep 1 of 5: System.\n", text);
        Assert.Contains("(item 1) overlap; keep the wider one. It was not added.", Flat(text));
        Assert.Equal("192.0.2.0/24", run.Home.ReadDraft()!.Texts["system.admin_networks"]);
    }

    [Fact]
    public void Tables_take_a_paste_and_refuse_single_rows()
    {
        using var run = new PlainRun();
        string[] rows =
        [
            "a.example  mail.example.org",
            "b.example,mail.example.org:2525",
            "c.example",
            "d.example -> mail.example.org, e.example mail.example.org",
            "x y z",
            "-1",
            "",
        ];
        var (_, text) = run.Go(["1", .. PlainRun.SystemScreen, .. PlainRun.ScannerScreen, .. rows]);
        Assert.Contains("It was not added.", text);
        Assert.Contains("Error: Row 5 has 3 words", text);
        Assert.Contains("Removed: a.example", text);
        Assert.Equal(
            "b.example,mail.example.org:2525\nd.example -> mail.example.org\ne.example mail.example.org",
            run.Home.ReadDraft()!.Texts["mta.domains"]
        );
    }

    [Fact]
    public void Clearing_a_list_takes_everything_away()
    {
        using var run = new PlainRun();
        run.Go("1", "mx1.example.org", "192.0.2.10", "", "", "192.0.2.53, 192.0.2.54", "", "<", "-", "", "192.0.2.55", "");
        Assert.Equal("192.0.2.55", run.Home.ReadDraft()!.Texts["system.resolvers"]);
    }

    [Fact]
    public void Choices_are_taken_by_number_and_by_value()
    {
        using var run = new PlainRun();
        var (_, text) = run.Go(["1", .. PlainRun.SystemScreen, "", "", "2", "REJECT", "clamaw", "2"]);
        var texts = run.Home.ReadDraft()!.Texts;
        Assert.Equal(
            ("quarantine", "reject", "none"),
            (texts["scanner.spam_action"], texts["scanner.high_spam_action"], texts["scanner.virus_scanner"])
        );
        Assert.Contains("did you mean 'clamav'?", text);
    }

    [Fact]
    public void More_settings_are_asked_on_request_and_an_error_among_them_is_gone_back_to()
    {
        using var run = new PlainRun();
        // The spam score rises above the high one, which is told at the end of the screen at that one.
        var (_, text) = run.Go(["1", .. PlainRun.SystemScreen, "", "", "", "", "", "yes", "20", "30", .. Enumerable.Repeat("", 11)]);
        Assert.Contains("Step 3 of 5: MTA.", text);
        using var wrong = new PlainRun();
        (_, text) = wrong.Go(["1", .. PlainRun.SystemScreen, "", "", "", "", "", "yes", "20", "", "30"]);
        Assert.Contains("Error: The high spam score (15) must be above the spam score (20).", text);
        Assert.Contains("High spam score (1 to 1000) [15]: 30\n", text);
    }

    [Fact]
    public void An_error_on_an_earlier_screen_is_mended_without_asking_the_rest_again()
    {
        using var run = new PlainRun();
        string[] loop = ["example.com 192.0.2.10", "", "-", "example.com mail.example.com", ""];
        var (_, text) = run.Go([
            "1",
            .. PlainRun.SystemScreen,
            .. PlainRun.ScannerScreen,
            .. loop,
            "",
            "",
            "postmaster@example.com",
            "",
            "",
            .. PlainRun.WebScreen,
            "back 1",
            "",
            "mail.example.com",
        ]);
        Assert.Contains("which is this gateway itself; name", Flat(text));
        using var back = new PlainRun();
        // The address becomes that of the mail host: wrong is then a field two screens on.
        (_, text) = back.Go([
            "1",
            .. PlainRun.SystemScreen,
            .. PlainRun.ScannerScreen,
            "example.com 192.0.2.99",
            "",
            "",
            "",
            "postmaster@example.com",
            "",
            "",
            .. PlainRun.WebScreen,
            "back system",
            "",
            "192.0.2.99",
            "",
            "",
            "",
            "",
            "",
            "-1",
            "example.com 192.0.2.77",
            "",
        ]);
        Assert.Contains("Error: Mail for 'example.com' would be sent to 192.0.2.99:25", Flat(text));
        Assert.Equal("example.com 192.0.2.77", back.Home.ReadDraft()!.Texts["mta.domains"]);
        Assert.Equal("review", back.Home.ReadDraft()!.Screen);
    }

    [Fact]
    public void Passwords_are_read_twice_without_echo_and_never_said_or_kept()
    {
        using var run = new PlainRun { IsTerminal = true };
        var (code, text) = run.Go([
            .. PlainRun.Whole[..^2],
            "geheim-1",
            "geheim-2",
            "\\-",
            "\\-",
            "<",
            "geheim-3",
            "geheim-3",
            "",
            "!",
            "yes",
            "no",
        ]);
        Assert.Equal(ExitCodes.Cancelled, code);
        Assert.Contains("Error: The two passwords are not the same.", text);
        Assert.Contains("Administrator password [typed in]: ", text);
        Assert.DoesNotContain("geheim", text);
        Assert.DoesNotContain("geheim", Encoding.UTF8.GetString(run.Home.ReadDraft()!.ToJson()));
        Assert.Empty(run.Home.ReadSecrets());
        Assert.Equal(0, run.Echo.Count % 2);
        Assert.True(run.Echo[^1]);
    }

    [Fact]
    public void Passwords_are_kept_only_on_request_and_come_back()
    {
        using var run = new PlainRun();
        run.Go([.. PlainRun.Whole[..^2], "geheim-3", "geheim-3", "!", "yes", "yes"]);
        Assert.Equal("geheim-3", run.Home.ReadSecrets()["web.password"]);
        var (_, text) = run.Go("1", "", "", "");
        Assert.Contains("Administrator password [typed in]: ", text);
    }

    [Theory]
    [InlineData(0, "the first question")]
    [InlineData(1, "step 1 of 5, System, at the question 'Host name'")]
    [InlineData(5, "step 1 of 5, System, at the question 'Name servers'")]
    [InlineData(9, "step 1 of 5, System")]
    [InlineData(10, "step 2 of 5, Scanner, at the question 'Site name'")]
    [InlineData(21, "step 3 of 5, MTA, at the question 'Recipient check'")]
    [InlineData(25, "step 4 of 5, Management web, at the question 'Administrator password'")]
    [InlineData(27, "step 5 of 5, Review")]
    public void The_end_of_the_input_changes_nothing_and_says_where_it_stopped(int lines, string where)
    {
        using var run = new PlainRun();
        var before = run.Tree.Snapshot();
        var code = run.Go(new StringReader(string.Concat(PlainRun.Whole.Take(lines).Select(l => l + "\n"))));
        Assert.Equal(ExitCodes.BadInput, code);
        Assert.Contains($"Error: The input ended at {where}. Nothing has", Flat(run.Said.ToString()));
        Assert.Equal(before, run.Tree.Snapshot());
        Assert.Equal(lines > 0, run.Home.ReadDraft() is not null);
    }

    [Fact]
    public void A_draft_is_offered_first_and_goes_on_where_it_was_left()
    {
        using var run = new PlainRun();
        run.Go(PlainRun.Whole[..5]);
        var (_, text) = run.Go(["", .. PlainRun.Whole[5..], "!", "forget"]);
        Assert.Contains("1. Continue where you stopped. Set up one mail gateway, at System, Name servers,", Flat(text));
        Assert.DoesNotContain("Host name (full name)", text);
        Assert.Contains("Step 5 of 5: Review.", text);
        Assert.Null(run.Home.ReadDraft());
    }

    [Fact]
    public void Only_the_screens_that_are_interactive_are_asked()
    {
        using var run = new PlainRun
        {
            Given = Samples.Minimal.Replace("version: 1\n", "version: 1\ninteractive: [web]\n", StringComparison.Ordinal),
        };
        var (_, text) = run.Go("web.example.org", "", "", "", "!", "yes");
        Assert.Contains("Step 1 of 2: Management web.", text);
        Assert.Contains("Step 2 of 2: Review.", text);
        Assert.DoesNotContain("What do you want to do?", text);
        Assert.DoesNotContain("Postmaster", text);
    }

    [Fact]
    public void A_wizard_that_waits_for_a_line_ends_when_another_takes_over()
    {
        using var run = new PlainRun();
        using var input = new Waiting("1", "mx1.example.org");
        var wizard = Task.Run(() => run.Go(input));
        Assert.True(input.Waits.Wait(TimeSpan.FromSeconds(20)));
        File.WriteAllText(run.Home.File("takeover"), "/dev/tty9");
        var start = Stopwatch.GetTimestamp();
        var ended = Assert.Throws<AggregateException>(() => wizard.Wait(TimeSpan.FromSeconds(20)));
        Assert.IsType<WizardEndedException>(ended.InnerException);
        Assert.Equal("taken over by /dev/tty9", ended.InnerException.Message);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15));
        Assert.Equal("mx1.example.org", run.Home.ReadDraft()!.Texts["system.name"]);
    }

    [Fact]
    public void A_signal_ends_it_while_a_password_is_typed_and_the_echo_comes_back()
    {
        using var run = new PlainRun { IsTerminal = true };
        using var input = new Waiting(PlainRun.Whole[..^2]);
        string? reason = null;
        var wizard = Task.Run(() => run.Go(input, () => reason));
        Assert.True(input.Waits.Wait(TimeSpan.FromSeconds(20)));
        reason = "ended by a signal";
        Assert.IsType<WizardEndedException>(Assert.Throws<AggregateException>(() => wizard.Wait(TimeSpan.FromSeconds(20))).InnerException);
        Assert.Equal([false, true], run.Echo);
    }

    [Fact]
    public void Another_wizard_is_left_alone_by_a_script_and_taken_over_on_request_only()
    {
        using var run = new PlainRun();
        using var held = SetupLock.TryTake(run.Home, "/dev/tty1");
        var talk = new PlainTalk(new StringReader("yes\n"), run.Said, null, () => null);
        Assert.Null(PlainTakeOver.Take(talk, run.Home, "a pipe"));
        Assert.Contains("Error: The set-up of this host is open on /dev/tty1 (process", run.Said.ToString());
        Assert.Null(PlainTakeOver.Take(new PlainTalk(new StringReader("no\n"), run.Said, run.Echo.Add, () => null), run.Home, "/dev/tty2"));
        Assert.Null(held!.IsWanted());
    }

    [Fact]
    public void A_yes_applies_and_says_what_to_do_next()
    {
        using var run = new PlainRun();
        var (code, text) = run.Go([.. PlainRun.Whole, "apply", "yes"]);
        Assert.Equal(ExitCodes.Done, code);
        Assert.Contains("Checking the new configuration, ", text);
        Assert.Contains("Done: generation 1 is in place in the tree", text);
        Assert.Contains("What to do next:", text);
        Assert.Null(run.Home.ReadDraft());
        // What is in force is offered for change, and nothing is left to do.
        (code, text) = run.Go(["change", .. Enumerable.Repeat("", 60), "finish"]);
        Assert.Contains("No setting differs from those in force.", text);
        Assert.Equal(ExitCodes.Done, code);
    }

    [Fact]
    public void A_failed_apply_is_told_and_can_be_gone_on_from()
    {
        using var run = new PlainRun();
        // A directory with something in it stands where a file is to be.
        Directory.CreateDirectory(run.Tree.Machine.Real("/etc/hosts/full"));
        var (code, text) = run.Go([.. PlainRun.Whole, "apply", "yes", "nonsense", "report", "retry"]);
        Assert.Contains("The last lines:", text);
        Assert.Contains("Error: Type one of: retry, edit, report, quit.", text);
        Assert.Contains("The report is in ", Flat(text));
        Assert.NotEqual(ExitCodes.Done, code);
        Assert.NotNull(run.Home.ReadDraft());
    }

    // As if lines were not broken.
    private static string Flat(string text) => string.Join(' ', text.Split('\n').Select(l => l.Trim()));

    private static Answers Nothing { get; } = new("setup", ImmutableSortedDictionary<string, Node>.Empty);

    // Lines, then none for ever.
    private sealed class Waiting(params string[] lines) : TextReader
    {
        private readonly Queue<string> left = new(lines);
        private readonly ManualResetEventSlim end = new();

        public ManualResetEventSlim Waits { get; } = new();

        public override string? ReadLine()
        {
            if (left.TryDequeue(out var line))
                return line;
            Waits.Set();
            end.Wait();
            return null;
        }

        protected override void Dispose(bool disposing)
        {
            end.Set();
            base.Dispose(disposing);
        }
    }
}
