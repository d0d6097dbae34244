using System.CommandLine;
using Gatehouse.Core.Planning;
using Gatehouse.Machines;
using Gatehouse.Terminal;

namespace Gatehouse.Printing;

/// <summary>Tells on standard error how an apply goes: a line a step, on a terminal with the running command's last line below.</summary>
internal sealed class ConsoleLog(ParseResult parse) : IApplyLog
{
    private readonly bool fancy = GlobalOptions.IsFancy(parse);
    private readonly string level = parse.GetValue(GlobalOptions.LogLevel)!;
    private readonly Lock gate = new();
    private bool lineIsOpen;

    /// <inheritdoc/>
    public void Begin(Phase phase, int steps) => Write(PhaseText.Title(phase), level != "error");

    /// <inheritdoc/>
    public void Done(Step step, bool passed, string detail, TimeSpan took)
    {
        var said = detail.Length > 0 ? $": {detail}" : "";
        var time = took.TotalSeconds >= 1 ? $" ({took.TotalSeconds:0.0} s)" : "";
        Write($"  {Mark(passed)} {step.Describe()}{said}{time}", level != "error" || !passed);
    }

    /// <inheritdoc/>
    public void Unknown(Step step, string detail) => Write($"  {(fancy ? "\e[33mwarn\e[0m" : "warn")}   {step.Describe()}: {detail}", true);

    /// <inheritdoc/>
    public void Line(string text)
    {
        if (level == "debug")
            Write($"      {text}", true);
        else if (fancy && level == "info")
            Replace(text);
    }

    /// <inheritdoc/>
    public void Note(string text) => Write(text, true);

    private string Mark(bool passed) =>
        (passed, fancy) switch
        {
            (true, true) => "\e[32mok\e[0m    ",
            (true, false) => "ok    ",
            (false, true) => "\e[31mfailed\e[0m",
            (false, false) => "failed",
        };

    private void Write(string text, bool wanted)
    {
        if (!wanted)
            return;
        lock (gate)
        {
            try
            {
                Close();
                Console.Error.WriteLine(text);
            }
            catch (IOException)
            {
                // The terminal is gone: that must not end what is being done.
            }
        }
    }

    // One line that is written over again and again, cut to a narrow terminal.
    private void Replace(string text)
    {
        lock (gate)
        {
            try
            {
                Console.Error.Write($"\r\e[K      {(text.Length > 70 ? text[..70] : text)}");
                lineIsOpen = true;
            }
            catch (IOException)
            {
                // As above.
            }
        }
    }

    private void Close()
    {
        if (lineIsOpen)
            Console.Error.Write("\r\e[K");
        lineIsOpen = false;
    }
}
