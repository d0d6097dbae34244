using Gatehouse.Core.Values;

namespace Gatehouse.Tui.Drawing;

/// <summary>Breaks text into lines that fit.</summary>
internal static class Words
{
    /// <summary>The lines of a text whose blanks count, such as a line of YAML: cut where a line is full, nothing taken out.</summary>
    public static IEnumerable<string> Cut(string text, int width)
    {
        width = Math.Max(4, width);
        do
        {
            var part = TextWidth.Fit(text, width);
            yield return part;
            text = text[part.Length..];
        } while (text.Length > 0);
    }

    /// <summary>The lines of a text, broken at blanks; continued lines are indented like the first.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        width = Math.Max(4, width);
        foreach (var paragraph in text.Split('\n'))
        {
            var indent = paragraph[..^paragraph.TrimStart(' ').Length];
            if (indent.Length > width / 2)
                indent = "";
            var line = "";
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var rest = word;
                if (line.Length > 0 && TextWidth.Of(line) + 1 + TextWidth.Of(rest) > width)
                {
                    yield return line;
                    line = "";
                }

                // A word that is longer than a line is broken where it must be.
                while (line.Length == 0 && TextWidth.Of(indent + rest) > width)
                {
                    var part = TextWidth.Fit(rest, width - indent.Length);
                    if (part.Length == 0)
                        break;
                    yield return indent + part;
                    rest = rest[part.Length..];
                }

                line = line.Length == 0 ? indent + rest : $"{line} {rest}";
            }

            yield return line;
        }
    }
}
