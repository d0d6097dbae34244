using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>A shell on a terminal that can be seen and typed at: a pane of a tmux server of its own.</summary>
public sealed class Tmux : IDisposable
{
    /// <summary>What consoles, serial lines, PuTTY and other terminals call themselves. Tmux understands them all.</summary>
    public static readonly string[] Terms = ["linux", "vt100", "vt220", "screen", "xterm-256color"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private readonly string socket = $"gatehouse-{Guid.NewGuid():N}";
    private readonly Leash leash;
    private readonly string written;

    /// <summary>Opens a terminal with a shell in it.</summary>
    /// <param name="tree">What the shell works on.</param>
    /// <param name="term">What the programs in it take the terminal for.</param>
    /// <param name="lang">The locale.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    public Tmux(Tree tree, string term = "xterm-256color", string lang = "C.UTF-8", int width = 80, int height = 24)
    {
        leash = new Leash("tmux -L \"$1\" kill-server 2>/dev/null; rm -f \"/tmp/tmux-$(id -u)/$1\"", socket);
        written = Path.Combine(tree.Place, socket);
        File.WriteAllText(written, "");
        Do([
            "-u",
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            $"{width}",
            "-y",
            $"{height}",
            "-c",
            tree.Place,
            "env",
            "-i",
            .. tree.Variables(term, lang),
            "sh",
            "-i",
        ]);
        Do("pipe-pane", "-o", $"cat >>{written}");
        WaitFor("$");
    }

    /// <summary>The rows as they are, without the blanks at their ends.</summary>
    public string Frame => Do("capture-pane", "-p").TrimEnd('\n');

    /// <summary>What is on the screen as lines that were written, whatever rows they were broken into.</summary>
    public string Lines => string.Join('\n', Do("capture-pane", "-p", "-J").TrimEnd('\n').Split('\n').Select(l => l.TrimEnd()));

    /// <summary>Where the cursor is, "column,row" from 0.</summary>
    public string Cursor => Do("display-message", "-p", "#{cursor_x},#{cursor_y}").Trim();

    /// <summary>The rows with what was sent to change colours and character sets.</summary>
    public string Drawn => Do("capture-pane", "-p", "-e");

    /// <summary>Waits until the cursor is in a row with these texts.</summary>
    public Tmux WaitForCursorIn(params string[] texts) =>
        Until(
            $"the cursor in the row of {string.Join(", ", texts)}",
            _ =>
            {
                // The cursor is asked for before and after, for it may move between.
                var at = Cursor;
                var row = Frame.Split('\n').ElementAtOrDefault(int.Parse(at.Split(',')[1], CultureInfo.InvariantCulture)) ?? "";
                return texts.All(t => row.Contains(t, StringComparison.Ordinal)) && at == Cursor;
            }
        );

    /// <summary>The device the programs in it are on.</summary>
    public string Device => Do("display-message", "-p", "#{pane_tty}").Trim();

    /// <summary>How many bytes were written to the terminal, once no more come. A wizard that waits for keys sends nothing.</summary>
    public long Bytes()
    {
        long length = -1;
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < TimeSpan.FromMilliseconds(700))
        {
            if (new FileInfo(written).Length is var now && now != length)
            {
                length = now;
                since = Stopwatch.GetTimestamp();
            }

            Thread.Sleep(50);
        }

        return length;
    }

    /// <summary>Types a text.</summary>
    public Tmux Type(string text)
    {
        Do("send-keys", "-l", "--", text);
        return this;
    }

    /// <summary>Presses keys, by tmux's names: Enter, Tab, BTab, Escape, BSpace, NPage, PPage, Up, F1, C-u.</summary>
    public Tmux Press(params string[] keys)
    {
        Do(["send-keys", .. keys]);
        return this;
    }

    /// <summary>Sends bytes as they are, all at once.</summary>
    /// <param name="text">What is sent, in UTF-8.</param>
    /// <param name="marked">Whether it is marked as a paste, if the program has asked for that.</param>
    public Tmux Paste(string text, bool marked = false)
    {
        Finish(Start(["load-buffer", "-"]), text);
        Do(["paste-buffer", "-d", "-r", .. marked ? new[] { "-p" } : []]);
        return this;
    }

    /// <summary>Runs a line in the shell.</summary>
    public Tmux Run(string line) => Type(line).Press("Enter");

    /// <summary>Makes the terminal another size.</summary>
    public Tmux Resize(int width, int height)
    {
        Do("resize-window", "-x", $"{width}", "-y", $"{height}");
        return this;
    }

    /// <summary>Waits for a text on the screen.</summary>
    public Tmux WaitFor(string text, TimeSpan? within = null) =>
        Until($"'{text}'", f => f.Contains(text, StringComparison.Ordinal), within);

    /// <summary>Waits until a text is not on the screen any more.</summary>
    public Tmux WaitForNo(string text) => Until($"no '{text}'", f => !f.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits for a screen; fails with the one there was instead.</summary>
    public Tmux Until(string what, Func<string, bool> holds, TimeSpan? within = null)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var frame = Frame;
            if (holds(frame))
                return this;
            if (Stopwatch.GetElapsedTime(start) > (within ?? Patience))
                Fail($"{what} does not come", frame);
            Thread.Sleep(50);
        }
    }

    /// <summary>Waits until the wizard has ended and the shell says how.</summary>
    public Tmux WaitForEnd(int exitCode)
    {
        Until("the end", f => f.Contains("exit: ", StringComparison.Ordinal) && f.Contains("tty: ", StringComparison.Ordinal));
        var frame = Lines;
        if (!frame.Contains($"exit: {exitCode}\n", StringComparison.Ordinal))
            Fail($"not exit code {exitCode}", frame);
        if (!frame.Contains("tty: as before", StringComparison.Ordinal))
            Fail("the terminal is not as before", frame);
        // Whoever types here sees what is typed, and the cursor.
        Type("echo se''en").WaitFor("echo se''en").Press("Enter").Until("the echo", f => f.Split('\n').Contains("seen"));
        if (Do("display-message", "-p", "#{cursor_flag},#{alternate_on},#{keypad_flag}").Trim() != "1,0,0")
            Fail("the terminal is not as before", frame);
        return this;
    }

    /// <summary>Closes the terminal on whatever runs in it.</summary>
    public void Dispose() => leash.Dispose();

    private static void Fail(string why, string frame) =>
        Assert.Fail($"{why}; the screen is\n{string.Join('\n', frame.Split('\n').Select(l => $"  |{l}"))}");

    private string Do(params string[] arguments) => Finish(Start(arguments), "");

    private Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo("tmux", ["-L", socket, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(false),
            WorkingDirectory = "/",
        };
        // Or tmux takes what it sees for something that a terminal in another character set could not show.
        start.Environment["LC_ALL"] = "C.UTF-8";
        return Process.Start(start)!;
    }

    private static string Finish(Process process, string input)
    {
        using (process)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(
                process.ExitCode == 0,
                $"tmux {string.Join(' ', process.StartInfo.ArgumentList.Skip(2))}: {error.GetAwaiter().GetResult()}"
            );
            return output;
        }
    }
}
