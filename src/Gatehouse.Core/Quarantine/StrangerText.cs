using System.Globalization;
using System.Text;

namespace Gatehouse.Core.Quarantine;

/// <summary>Text of a stranger as it may be shown on a terminal: nothing in it steers the terminal, or hides or reorders what stands beside
/// it.</summary>
public static class StrangerText
{
    /// <summary>The text with a question mark in place of every character that is not shown as itself.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">The most characters to keep; a longer one ends in an ellipsis.</param>
    public static string Of(string text, int most = 500)
    {
        var shown = new StringBuilder();
        var count = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (++count > most)
            {
                shown.Length = Math.Max(0, shown.Length - 1);
                return shown.Append('…').ToString();
            }

            if (rune.Value == '\t')
                shown.Append(' ');
            else if (IsShown(rune))
                shown.Append(rune.ToString());
            else
                shown.Append('?');
        }

        return shown.ToString();
    }

    // Format characters turn the direction of writing; EnumerateRunes has made half characters into U+FFFD.
    private static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.Surrogate
            );
}
