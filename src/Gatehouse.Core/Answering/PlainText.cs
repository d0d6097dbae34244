using System.Text.RegularExpressions;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Answering;

/// <summary>
/// Which values may stand without quotes: those that every reader of YAML 1.1 and 1.2 takes for the same. A text that begins
/// with a letter or a slash and is none of the words of YAML is no number, date, time or mark to any of them; an address may be
/// one (the YAML 1.1 form of a float takes several dots), so it gets quotes.
/// </summary>
internal static partial class PlainText
{
    // "y" and "n" are truth values only to readers that follow YAML 1.1 to the letter. There are some.
    private static readonly string[] Words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

    /// <summary>Whether a value may stand without quotes.</summary>
    /// <param name="text">The value.</param>
    /// <param name="kind">What it is: numbers and truth values are meant to be taken for such.</param>
    /// <param name="flow">Whether it stands between brackets or braces, where more characters have a meaning.</param>
    public static bool IsSafe(string text, FieldKind kind, bool flow) =>
        kind.SchemaType switch
        {
            "integer" => Integer().IsMatch(text),
            "number" => Number().IsMatch(text),
            "boolean" => text is "true" or "false",
            _ => !Words.Contains(text, StringComparer.OrdinalIgnoreCase) && (flow ? Inside() : Line()).IsMatch(text),
        };

    [GeneratedRegex(@"^-?(0|[1-9][0-9]{0,8})\z")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?\z")]
    private static partial Regex Number();

    // A colon is a mark before a space and at the end, so it must have something behind it.
    [GeneratedRegex(@"^[A-Za-z/]([A-Za-z0-9._/@+&,()-]|:(?=[A-Za-z0-9/])| (?=[A-Za-z0-9(&]))*\z")]
    private static partial Regex Line();

    [GeneratedRegex(@"^[A-Za-z/][A-Za-z0-9._/@+-]*\z")]
    private static partial Regex Inside();
}
