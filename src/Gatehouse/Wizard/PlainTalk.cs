using System.Text;
using Gatehouse.Core.Values;
using Gatehouse.Terminal;

namespace Gatehouse.Wizard;

/// <summary>There is no more input, and something is still to be answered.</summary>
internal sealed class InputEndedException : Exception;

/// <summary>
/// A talk line by line: sentences out, lines in. It notices while it waits for a line that the wizard has to end, so a line
/// is read in the background.
/// </summary>
/// <param name="input">Where lines come from.</param>
/// <param name="output">Where sentences go.</param>
/// <param name="echo">Turns the terminal's echo on and off; null where there is no terminal.</param>
/// <param name="ended">Why the wizard has to end; null while it need not.</param>
internal sealed class PlainTalk(TextReader input, TextWriter output, Action<bool>? echo, Func<string?> ended)
{
    /// <summary>Lines are this long at most, but for values and for what must not be broken.</summary>
    public const int Width = 78;

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    private int hidden;

    /// <summary>Whether a terminal is at the other end, with somebody before it.</summary>
    public bool IsTerminal => echo is not null;

    /// <summary>A further reason to end, such as somebody who takes over.</summary>
    public Func<string?> AlsoEnded { get; set; } = () => null;

    /// <summary>Says sentences, broken at blanks; continued lines are indented like the first.</summary>
    public void Say(string text = "")
    {
        foreach (var line in text.Split('\n').SelectMany(Wrap))
            Write(line + "\n");
    }

    /// <summary>Says lines as they are: output of programs, records to be copied.</summary>
    public void SayAsIs(string text)
    {
        foreach (var line in text.Split('\n'))
            Write(Visible(line) + "\n");
    }

    /// <summary>Asks for a line.</summary>
    /// <param name="prompt">What stands before the answer, without the colon.</param>
    /// <param name="current">What an empty line stands for; empty for nothing.</param>
    /// <param name="repeats">Whether a line that no terminal shows is said again, for whoever reads the output of a script.</param>
    /// <exception cref="InputEndedException">There is none.</exception>
    /// <exception cref="WizardEndedException">The wizard has to end.</exception>
    public string Ask(string prompt, string current = "", bool repeats = true)
    {
        Write(Prompt(prompt, current));
        var line = Read();
        // A terminal shows what is typed by itself; whoever reads the output of a script wants to see it too.
        if (!IsTerminal)
            Write(repeats ? Visible(line) + "\n" : "\n");
        return line;
    }

    /// <summary>Asks for a line that is not shown.</summary>
    public string AskSecret(string prompt, string current = "")
    {
        // Before the prompt, for whoever is quick; and nothing is shown between two such questions, see Hidden.
        return Hidden(() =>
        {
            Write(Prompt(prompt, current));
            var line = Read();
            Write("\n");
            return line;
        });
    }

    /// <summary>Keeps what is typed from being shown meanwhile.</summary>
    public T Hidden<T>(Func<T> ask)
    {
        if (hidden++ == 0)
            echo?.Invoke(false);
        try
        {
            return ask();
        }
        finally
        {
            if (--hidden == 0)
                echo?.Invoke(true);
        }
    }

    /// <summary>The reason to end from outside, if there is one.</summary>
    public string? Ended => ended();

    /// <summary>Asks until the answer is yes or no.</summary>
    public bool AskYesNo(string question, bool current = false)
    {
        while (true)
        {
            var answer = Ask($"{question} (yes/no)", current ? "yes" : "no").Trim();
            if (answer.Length == 0)
                return current;
            if (YesOrNo(answer) is { } known)
                return known;
            Say("Error: Answer yes or no.");
        }
    }

    /// <summary>What a word means; null when it is neither.</summary>
    public static bool? YesOrNo(string word) =>
        word.ToLowerInvariant() switch
        {
            "yes" or "y" or "true" or "on" => true,
            "no" or "n" or "false" or "off" => false,
            _ => null,
        };

    /// <summary>Ends the wizard if there is a reason to. Called often, also while nothing is read.</summary>
    public void Watch()
    {
        if ((ended() ?? AlsoEnded()) is { } why)
            throw new WizardEndedException(why, isGone: why == SetupSignals.Gone);
    }

    private string Read()
    {
        Watch();
        var reading = Task.Run(() => input.ReadLine());
        try
        {
            while (!reading.Wait(Slice))
                Watch();
        }
        catch (AggregateException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            throw new WizardEndedException(SetupSignals.Gone, isGone: true);
        }

        if (reading.Result is { } line)
            return line;
        // A terminal that hangs up ends its input first, and its signal comes a moment later.
        if (IsTerminal)
            Thread.Sleep(Slice);
        Watch();
        throw new InputEndedException();
    }

    private void Write(string text)
    {
        try
        {
            output.Write(text);
        }
        catch (IOException)
        {
            throw new WizardEndedException(SetupSignals.Gone, isGone: true);
        }
    }

    private static string Prompt(string prompt, string current) => $"{prompt}{(current.Length > 0 ? $" [{Visible(current)}]" : "")}: ";

    // Values may come from a file; what would steer a terminal is not sent to one.
    private static string Visible(string text) =>
        text.Any(c => char.IsControl(c) && c != '\t') ? string.Concat(text.Select(c => char.IsControl(c) && c != '\t' ? '?' : c)) : text;

    private static IEnumerable<string> Wrap(string paragraph)
    {
        paragraph = Visible(paragraph);
        var indent = paragraph[..^paragraph.TrimStart(' ').Length];
        var line = new StringBuilder(indent);
        foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var isFirst = line.Length == indent.Length;
            if (!isFirst && TextWidth.Of(line.ToString()) + 1 + TextWidth.Of(word) > Width)
            {
                yield return line.ToString();
                line.Clear().Append(indent);
                isFirst = true;
            }

            line.Append(isFirst ? "" : " ").Append(word);
        }

        yield return line.ToString().TrimEnd();
    }
}
