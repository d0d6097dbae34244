using Gatehouse.Tests.Support;
using Gatehouse.Tui.Drawing;
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
        var rows = Enumerable
            .Range(1, 2000)
            .Select(i => $"d{i}.example.org{(i % 4) switch { 0 => "\t", 1 => " ", 2 => ", ", _ => " -> " }}mail{i % 7}.example.org:25");
        var text = string.Join('\n', rows).Replace("\t", "\x1", StringComparison.Ordinal);
        var keys = text.SelectMany(c =>
            c switch
            {
                '\x1' => Keys.Of(Key.Tab),
                '\n' => Keys.Of(Key.Enter),
                _ => Keys.Type(c.ToString()),
            }
        );
        Wizards.Form(surface, interview, "mta", Keys.Of(Key.PasteBegin), keys, Keys.Of(Key.PasteEnd)).Sync();
        var field = Samples.Screens.Fields.First(f => f.Path == "mta.domains");
        Assert.Empty(interview.FindingsOf(field));
        Assert.Equal(2000, interview.Text(field).Split('\n').Length);
    }
}
