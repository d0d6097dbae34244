using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters;

/// <summary>The sheet that a map is drawn on: boxes below each other, and text that goes on in the next line where it ends.</summary>
/// <param name="width">Columns of a line.</param>
/// <param name="widthOf">How many columns a text takes.</param>
internal sealed class MapPage(int width, Func<string, int> widthOf)
{
    private const string Gap = "  ";
    private const string Wire = "     |";
    private readonly ImmutableArray<string>.Builder lines = ImmutableArray.CreateBuilder<string>();
    private bool isOpen;

    /// <summary>What is written beside the line that leads from this box to the next.</summary>
    public string Below { get; set; } = "";

    /// <summary>What was drawn.</summary>
    public ImmutableArray<string> Lines => lines.ToImmutable();

    private int Room => width - 4;

    /// <summary>An empty line.</summary>
    public void Blank() => lines.Add("");

    /// <summary>Text outside of the boxes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="indent">How far its further lines are moved in.</param>
    public void Text(string text, int indent = 0)
    {
        // What stands before the indent is a column of its own, with its blanks.
        var head = text[..indent];
        foreach (var line in Wrap(text[indent..], width - indent))
        {
            lines.Add($"{head}{line}");
            head = new string(' ', indent);
        }
    }

    /// <summary>Begins a box, with a line from the one before.</summary>
    public void Open(string title)
    {
        if (Close())
            lines.Add(Below.Length > 0 ? $"{Wire} {Below}" : Wire);
        Below = "";
        lines.Add($"+- {title} ".PadRight(width - 1, '-') + "+");
        isOpen = true;
    }

    /// <summary>Ends the box, if one was begun.</summary>
    public bool Close()
    {
        if (!isOpen)
            return false;
        lines.Add($"+{new string('-', width - 2)}+");
        isOpen = false;
        return true;
    }

    /// <summary>Text in the box.</summary>
    public void Inside(string text)
    {
        foreach (var line in Wrap(text, Room))
            Put(line);
    }

    /// <summary>A thing in the box: a mark, a number, columns, and remarks. Where it does not fit beside each other, it stands below each
    /// other.</summary>
    /// <param name="mark">The mark before it.</param>
    /// <param name="number">Its number.</param>
    /// <param name="most">The width of the widest number.</param>
    /// <param name="cells">Its columns and their widths.</param>
    /// <param name="remarks">What else is to be said.</param>
    /// <param name="least">The least columns that remarks are to have.</param>
    public void Row(
        char mark,
        string number,
        int most,
        ImmutableArray<(string Text, int Width)> cells,
        ImmutableArray<string> remarks,
        int least
    )
    {
        var head = $"{mark} {(most == 0 ? "" : $"{number.PadLeft(most)}{Gap}")}";
        var row = head + string.Concat(cells.Select(c => Pad(c.Text, c.Width) + Gap));
        var said = string.Join(", ", remarks);
        if (Room - widthOf(row) >= least)
            Hang(row, said);
        else
        {
            Hang(head, cells[0].Text);
            Hang(
                new string(' ', head.Length),
                $"{string.Join(", ", cells[1..].Select(c => c.Text))}{(said.Length == 0 ? "" : $": {said}")}"
            );
        }
    }

    private void Hang(string head, string text)
    {
        var indent = widthOf(head);
        foreach (var line in Wrap(text, Room - indent))
        {
            Put(head + line);
            head = new string(' ', indent);
        }
    }

    private void Put(string text) => lines.Add($"| {Pad(text, Room)} |");

    private string Pad(string text, int columns) => text + new string(' ', Math.Max(0, columns - widthOf(text)));

    // Broken at blanks; a word that is longer than a line, where it must be.
    private IEnumerable<string> Wrap(string text, int columns)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var rest = word;
            if (line.Length > 0 && widthOf(line) + 1 + widthOf(rest) > columns)
            {
                yield return line;
                line = "";
            }

            while (line.Length == 0 && widthOf(rest) > columns && rest.Length > 1)
            {
                var fits = Math.Max(1, Enumerable.Range(1, rest.Length).TakeWhile(n => widthOf(rest[..n]) <= columns).LastOrDefault());
                yield return rest[..fits];
                rest = rest[fits..];
            }

            line = line.Length == 0 ? rest : $"{line} {rest}";
        }

        yield return line;
    }
}
