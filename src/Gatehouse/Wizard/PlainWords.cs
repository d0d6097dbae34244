using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>What an operator means by a line: an answer, or one of the few things that can be said anywhere.</summary>
internal enum PlainMeaning
{
    /// <summary>Nothing: what is there stays.</summary>
    Keep,

    /// <summary>An answer.</summary>
    Answer,

    /// <summary>Explain.</summary>
    Help,

    /// <summary>The question before.</summary>
    Back,

    /// <summary>Take the answer away.</summary>
    Clear,

    /// <summary>Out.</summary>
    Quit,
}

/// <summary>The words of the plain mode: what lines mean, and what prompts say.</summary>
internal static class PlainWords
{
    /// <summary>Told once, before the first question of a screen.</summary>
    public const string Keys =
        "Press Enter to keep the value in brackets. Type ? for help, < to go back, - to clear a value, ! to quit. Put \\ before a value "
        + "that is one of these characters.";

    private const string Signs = "?<-!";

    /// <summary>What a line means, and the answer in it.</summary>
    public static (PlainMeaning Meaning, string Answer) Of(string line)
    {
        var text = line.Trim();
        return text switch
        {
            "" => (PlainMeaning.Keep, ""),
            "?" => (PlainMeaning.Help, ""),
            "<" => (PlainMeaning.Back, ""),
            "-" => (PlainMeaning.Clear, ""),
            "!" => (PlainMeaning.Quit, ""),
            ['\\', var sign, ..] when sign == '\\' || Signs.Contains(sign, StringComparison.Ordinal) => (PlainMeaning.Answer, text[1..]),
            _ => (PlainMeaning.Answer, text),
        };
    }

    /// <summary>What a line means where a password is asked. It is taken as it is, blanks too, unless it could not be told from a
    /// command.</summary>
    public static (PlainMeaning Meaning, string Answer) OfSecret(string line)
    {
        if (line.Length == 0)
            return (PlainMeaning.Keep, "");
        if (line.Length == 1 && Signs.Contains(line[0], StringComparison.Ordinal))
            return Of(line);
        var isSign = line.TrimStart('\\') is [var sign] && Signs.Contains(sign, StringComparison.Ordinal);
        return (PlainMeaning.Answer, isSign ? line[1..] : line);
    }

    /// <summary>The label of a field with the unit or form of its value.</summary>
    public static string Label(Field field) => Form(field) is { Length: > 0 } form ? $"{field.Label} ({form})" : field.Label;

    /// <summary>What stands in a field, as a prompt shows it.</summary>
    public static string Current(Field field, Interview interview)
    {
        if (field.Kind.IsSecret)
            return interview.SecretState(field) is "none" && field.Required ? "" : interview.SecretState(field);
        var text = interview.Text(field);
        if (field.Kind.Name == "boolean")
            return PlainTalk.YesOrNo(text) == true ? "yes" : "no";
        return text.Length > 0 ? text
            : field.Required ? ""
            : "none";
    }

    /// <summary>What a choice is called by its value or its number; null when it is none.</summary>
    public static string? Choice(Field field, string text)
    {
        if (field.Choices.FirstOrDefault(c => c.Value.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } named)
            return named.Value;
        return Number(text, field.Choices.Length) is { } number ? field.Choices[number - 1].Value : null;
    }

    /// <summary>A number from 1 to a most; null when it is none.</summary>
    public static int? Number(string text, int most) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
        && number >= 1
        && number <= most
            ? number
            : null;

    private static string Form(Field field) =>
        field switch
        {
            { Choices.IsEmpty: false } => $"1 to {field.Choices.Length}",
            { Kind.Name: "boolean" } => "yes/no",
            { Minimum: { } least, Maximum: { } most } when field.Kind.Name is "integer" or "number" => $"{least:0.##} to {most:0.##}",
            { Kind.Name: "port" } => "1 to 65535",
            { Kind.Name: "fqdn" } => "full name",
            { Kind.Name: "hostport" } => "host:port",
            { Kind.Name: "email" } => "e-mail address",
            { Kind.Name: "path" } => "file or directory",
            { Kind.Name: "size" } => "such as 25M",
            { Kind.Name: "duration" } => "such as 90s, 5m, 2h",
            { Kind.Name: "timezone" } => "such as Europe/Berlin",
            { Kind.Name: "address" } => "IPv4 or IPv6",
            { Kind.Name: "cidr" } => "network",
            _ => "",
        };
}
