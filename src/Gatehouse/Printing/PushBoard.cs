using System.Collections.Immutable;
using Spectre.Console;

namespace Gatehouse.Printing;

/// <summary>How a push is shown while it runs.</summary>
internal abstract class PushBoard
{
    /// <summary>A host says how far it is, or prints a line.</summary>
    /// <param name="host">Its place among the hosts.</param>
    /// <param name="text">One line.</param>
    public abstract void Tell(int host, string text);

    /// <summary>A host is done.</summary>
    /// <param name="host">Its place among the hosts.</param>
    /// <param name="state">What became of it: joined, failed or cancelled.</param>
    /// <param name="text">How or why; the first line is shown.</param>
    public abstract void End(int host, string state, string text);

    /// <summary>Shows it while work is done.</summary>
    public abstract Task ShowAsync(Task work);
}

/// <summary>A line for everything, with the host in front; for logs and pipes.</summary>
/// <param name="hosts">The hosts as they are shown.</param>
internal sealed class LinesBoard(ImmutableArray<string> hosts) : PushBoard
{
    private readonly Lock gate = new();

    /// <inheritdoc/>
    public override void Tell(int host, string text) => Write(host, text);

    /// <inheritdoc/>
    public override void End(int host, string state, string text) =>
        Write(host, text.Length > 0 ? $"{state}: {text.Split('\n')[0]}" : state);

    /// <inheritdoc/>
    public override Task ShowAsync(Task work) => work;

    private void Write(int host, string text)
    {
        lock (gate)
            Console.Error.WriteLine($"{hosts[host]}: {text}");
    }
}

/// <summary>A table with a row a host, drawn over itself; for terminals.</summary>
/// <param name="hosts">The hosts as they are shown.</param>
internal sealed class TableBoard(ImmutableArray<string> hosts) : PushBoard
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);
    private readonly Row[] rows = [.. hosts.Select(_ => new Row("waiting", ""))];

    private sealed record Row(string State, string Line);

    /// <inheritdoc/>
    public override void Tell(int host, string text) => rows[host] = new Row("running", text.Trim());

    /// <inheritdoc/>
    public override void End(int host, string state, string text) => rows[host] = new Row(state, text.Split('\n')[0]);

    /// <inheritdoc/>
    public override async Task ShowAsync(Task work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console
            .Live(Draw(console))
            .StartAsync(async live =>
            {
                while (!work.IsCompleted)
                {
                    await Task.WhenAny(work, Task.Delay(Pace));
                    live.UpdateTarget(Draw(console));
                }
            });
        await work;
    }

    private Table Draw(IAnsiConsole console)
    {
        var names = hosts.Max(h => h.Length);
        var room = Math.Max(10, console.Profile.Width - names - "running".Length - 8);
        var table = new Table { Border = TableBorder.Simple }.AddColumns("HOST", "STATE", "");
        foreach (var (host, row) in hosts.Zip(rows))
            table.AddRow(
                new Text(host),
                new Text(row.State, Look(row.State)),
                new Text(row.Line.Length > room ? row.Line[..room] : row.Line)
            );
        return table;
    }

    private static Style Look(string state) =>
        new(
            state switch
            {
                "joined" => Color.Green,
                "failed" => Color.Red,
                _ => Color.Default,
            }
        );
}
