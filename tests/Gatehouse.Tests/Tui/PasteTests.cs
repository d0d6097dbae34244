using System.Diagnostics;
using Gatehouse.Tests.Support;
using Gatehouse.Tui;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>Pastes as an administrator makes them: a whole list of domains out of another system.</summary>
public sealed class PasteTests
{
    [Fact]
    public void Two_thousand_rows_are_taken_at_once_with_any_separators()
    {
        var surface = new MemorySurface { Haste = 1000 };
        var interview = Wizards.Interview();
        var rows = Enumerable.Range(1, 2000).Select(i => $"d{i}.example.org{(i % 4) switch { 0 => "\t", 1 => " ", 2 => ", ", _ => " -> " }}mail{i % 7}.example.org:25");
        var text = string.Join('\n', rows).Replace("\t", "\x1", StringComparison.Ordinal);
        var keys = text.SelectMany(c => c switch { '\x1' => Keys.Of(Key.Tab), '\n' => Keys.Of(Key.Enter), _ => Keys.Type(c.ToString()) });
        Wizards.Form(surface, interview, "mta", Keys.Of(Key.PasteBegin), keys, Keys.Of(Key.PasteEnd, Key.None));
        var field = Samples.Screens.Fields.First(f => f.Path == "mta.domains");
        foreach (var l in interview.Text(field).Split('\n')) if (l.Length > 60) Console.WriteLine("LONG " + l);
        Assert.Equal(2000, interview.Text(field).Split('\n').Length);
        Assert.True(surface.Shows("d2000.example.org, mail5") || surface.Shows("d2000.example.org"), surface.Frame);
        var sw = Stopwatch.StartNew(); interview.Enter(field, interview.Text(field)+" "); _ = interview.Findings; Console.WriteLine($"RESOLVE {sw.Elapsed.TotalMilliseconds}");
    }
}
