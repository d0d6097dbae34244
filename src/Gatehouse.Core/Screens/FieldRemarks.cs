using System.Globalization;

namespace Gatehouse.Core.Screens;

/// <summary>What a field's declaration says beside its help: range, form, default, example. For the manual and the help pages.</summary>
public static class FieldRemarks
{
    /// <summary>The remarks, each with its name.</summary>
    public static IEnumerable<(string Name, string Value)> Of(Field field)
    {
        if (field.When is { } when)
            yield return (
                "Used only with",
                when.AnyOf is ["*"] ? $"{when.Path} (any value)" : $"{when.Path}: {string.Join(" or ", when.AnyOf)}"
            );
        if (Range(field) is { } range)
            yield return ("Range", range);
        if (field.PatternText.Length > 0)
            yield return ("Form", field.PatternText);
        if (field.MustExist)
            yield return ("Form", "the file must exist");
        if (field.DefaultPort > 0)
            yield return ("Port", $"{field.DefaultPort} unless given");
        if (Default(field) is { } value)
            yield return ("Default", value);
        if (field.Propose is not null)
            yield return ("Proposed", "by 'gatehouse new' and 'gatehouse setup', based on this host");
        if (field.Example.Length > 0)
            yield return ("Example", $"{field.Key}: {Value(field, field.Example)}");
    }

    private static string? Range(Field field) =>
        (field.Minimum, field.Maximum) switch
        {
            (null, null) => null,
            ({ } least, null) => $"at least {Number(field, least)}",
            (null, { } most) => $"at most {Number(field, most)}",
            ({ } least, { } most) => $"{Number(field, least)} to {Number(field, most)}",
        };

    private static string Number(Field field, decimal number) =>
        field.Kind.Name != "size" ? number.ToString("0.##", CultureInfo.InvariantCulture)
        : number >= 1 << 20 ? string.Create(CultureInfo.InvariantCulture, $"{number / (1 << 20):0.#}M")
        : string.Create(CultureInfo.InvariantCulture, $"{number / (1 << 10):0.#}K");

    private static string? Default(Field field)
    {
        var from = field.DefaultFrom switch
        {
            null => null,
            var fact when fact.StartsWith("facts.", StringComparison.Ordinal) => "the value found on this host",
            var other => $"the value of {other}",
        };
        return (from, field.Default) switch
        {
            (null, null) => null,
            (null, { } value) => Value(field, value),
            (_, null) => from,
            (_, { } value) => $"{from}, else {Value(field, value)}",
        };
    }

    /// <summary>A value as it would stand in an answer file.</summary>
    public static string Value(Field field, string value) =>
        field.Kind.Name == "password" ? $"{{{value}: true}}"
        : field.IsList ? $"[{string.Join(", ", value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))}]"
        : value is "on" or "off" or "yes" or "no" && field.Kind.Name == "choice" ? $"\"{value}\""
        : value;
}
