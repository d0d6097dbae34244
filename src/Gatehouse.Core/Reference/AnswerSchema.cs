using System.Text.Json.Nodes;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Reference;

/// <summary>The JSON Schema (draft 2020-12) of answer files, from the screens.</summary>
public static class AnswerSchema
{
    /// <summary>The schema of all screens.</summary>
    public static JsonObject Of(ScreenSet screens)
    {
        var properties = new JsonObject
        {
            ["version"] = new JsonObject { ["const"] = 1, ["description"] = "Version of the answer file." },
        };
        properties[InteractiveKey.Name] = Interactive(screens);
        foreach (var screen in screens.Screens)
            properties[screen.Id] = Section(screen);
        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Gatehouse answer file",
            ["type"] = "object",
            ["required"] = new JsonArray("version"),
            ["properties"] = properties,
            ["additionalProperties"] = false,
        };
    }

    private static JsonObject Interactive(ScreenSet screens)
    {
        // Alone or in the list, the asterisk stands for all.
        var ids = new JsonArray([.. screens.Screens.Select(s => (JsonNode)s.Id), (JsonNode)InteractiveKey.Every]);
        return new JsonObject
        {
            ["description"] = InteractiveKey.Help,
            ["oneOf"] = new JsonArray(
                new JsonObject { ["const"] = InteractiveKey.Every },
                new JsonObject
                {
                    ["type"] = "array",
                    ["items"] = new JsonObject { ["enum"] = ids },
                    ["uniqueItems"] = true,
                },
                new JsonObject { ["type"] = "null" }
            ),
        };
    }

    private static JsonObject Section(Screen screen)
    {
        var properties = new JsonObject();
        foreach (var field in screen.Fields)
            properties[field.Key] = OfField(field);
        return new JsonObject
        {
            ["type"] = new JsonArray("object", "null"),
            ["title"] = screen.Title,
            ["description"] = screen.Help,
            ["properties"] = properties,
            ["additionalProperties"] = false,
        };
    }

    private static JsonObject OfField(Field field)
    {
        var schema =
            field.IsTable ? Table(field)
            : field.IsList
                ? new JsonObject
                {
                    ["type"] = "array",
                    ["items"] = Single(field),
                    ["uniqueItems"] = true,
                }
            : Single(field);
        schema["title"] = field.Label;
        schema["description"] = field.Help;
        if (field.Scope == FieldScope.Node)
            schema["$comment"] = "In a cluster, each node has its own.";
        if (field.Default is { } value)
            schema["default"] = value;
        if (field.Example.Length > 0)
            schema["examples"] = new JsonArray(field.Example);
        return schema;
    }

    private static JsonObject Table(Field field)
    {
        var columns = new JsonObject();
        foreach (var column in field.Columns)
            columns[column.Key] = OfField(column);
        var required = new JsonArray([.. field.Columns.Where(c => c.Required).Select(c => (JsonNode)c.Key)]);
        return new JsonObject
        {
            ["type"] = "array",
            ["items"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = columns,
                ["required"] = required,
                ["additionalProperties"] = false,
            },
        };
    }

    private static JsonObject Single(Field field)
    {
        var schema = new JsonObject();
        if (field.Kind.Name == "password")
            return Password();
        if (!field.Choices.IsEmpty)
        {
            // An editor may offer 587 or off as number or boolean; the text is what counts.
            schema["enum"] = new JsonArray([.. field.Choices.Select(c => (JsonNode)c.Value), .. Other(field)]);
            return schema;
        }

        schema["type"] = field.Kind.SchemaType;
        if (field.Minimum is not null && field.Kind.SchemaType is "integer" or "number")
            schema["minimum"] = field.Minimum;
        if (field.Maximum is not null && field.Kind.SchemaType is "integer" or "number")
            schema["maximum"] = field.Maximum;
        if (field.Pattern is { } pattern)
            schema["pattern"] = $"^(?:{pattern})$";
        return schema;
    }

    private static IEnumerable<JsonNode> Other(Field field)
    {
        foreach (var choice in field.Choices)
        {
            if (
                decimal.TryParse(
                    choice.Value,
                    System.Globalization.NumberStyles.AllowDecimalPoint,
                    System.Globalization.CultureInfo.InvariantCulture,
                    out var number
                )
            )
                yield return JsonValue.Create(number);
            if (choice.Value == "off")
                yield return JsonValue.Create(false);
        }
    }

    private static JsonObject Password() =>
        new()
        {
            ["oneOf"] = new JsonArray(
                new JsonObject { ["type"] = "string" },
                Key("file", "string"),
                Key("env", "string"),
                Key("hash", "string"),
                Key("sealed", "string"),
                Key("prompt", "boolean"),
                Key("generate", "boolean")
            ),
        };

    private static JsonObject Key(string name, string type) =>
        new()
        {
            ["type"] = "object",
            ["required"] = new JsonArray(name),
            ["properties"] = new JsonObject { [name] = new JsonObject { ["type"] = type } },
            ["additionalProperties"] = false,
        };
}
