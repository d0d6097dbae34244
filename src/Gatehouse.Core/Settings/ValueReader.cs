using System.Collections.Immutable;
using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Settings;

/// <summary>Turns the raw answer of one field into its typed value, with a finding for everything that is wrong with it.</summary>
internal sealed class ValueReader(Answers answers, Inputs inputs, Report report, ValueSet values)
{
    private const int MostItems = 10_000;

    /// <summary>Reads what was written for a field.</summary>
    public object? Read(Field field, Node node)
    {
        if (field.IsTable)
            return Table(field, node);
        if (field.IsList)
            return List(field, node);
        if (field.Kind.Name == "password")
            return ReadPassword(field, node);
        return Single(field, field.Path, node);
    }

    /// <summary>Reads a default as it would have been written: lists are separated by commas.</summary>
    public object? ReadDefault(Field field, string text)
    {
        if (field.IsTable)
            return ImmutableArray<Row>.Empty;
        var origin = new Origin("default", 1, 1);
        if (field.Kind.Name == "password")
            return new Password(PasswordSource.Generate, null);
        if (!field.IsList)
            return Single(field, field.Path, new Scalar(origin, text, true));
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return List(field, new Sequence(origin, [.. parts.Select(p => new Scalar(origin, p, true))]));
    }

    private object? Single(Field field, string path, Node node)
    {
        if (node is not Scalar scalar)
        {
            var quotes =
                node is Sequence && field.Kind.Name is "hostport" or "address" or "host"
                    ? " Put an address in brackets in quotes: \"[2001:db8::25]:25\"."
                    : "";
            report.Error(
                "wrong-type",
                path,
                $"'{field.Label}' needs a single value ({field.Kind.Expected}), found {node.Describe()}.{quotes}",
                node.Origin
            );
            return null;
        }

        var parsed = field.Kind.Parse(scalar.Text, field);
        if (parsed.Value is null)
            report.Error(
                "bad-value",
                path,
                $"{Quote(scalar.Text)} {parsed.Problem}{(parsed.Problem.EndsWith('?') ? "" : ".")}",
                scalar.Origin
            );
        else if (field.MustExist)
            CheckFile(field, path, scalar);
        else if (field.Kind.Name == "timezone" && ZoneDatabase.Lacks(inputs, scalar.Text))
        {
            report.Error(
                "bad-value",
                path,
                $"{Quote(scalar.Text)} is not a known time zone; use a name from the tz database, such as Europe/Berlin or "
                    + $"UTC.{ZoneDatabase.Hint(inputs, scalar.Text)}",
                scalar.Origin
            );
            return null;
        }

        return parsed.Value;
    }

    private void CheckFile(Field field, string path, Scalar scalar)
    {
        if (inputs.Things.TryGetValue((WantedKind.File, scalar.Text), out var found) && found.Content is null)
            report.Error(
                "file-missing",
                path,
                $"{scalar.Text} {found.Problem}; '{field.Label}' must name a file that exists.",
                scalar.Origin
            );
    }

    private object? List(Field field, Node node)
    {
        if (node is not Sequence list)
        {
            report.Error(
                "wrong-type",
                field.Path,
                $"'{field.Label}' needs a list (lines beginning with '-', or [a, b]), found {node.Describe()}.",
                node.Origin
            );
            return null;
        }

        if (TooMany(field, list.Items.Length, node))
            return null;
        var values = ImmutableArray.CreateBuilder<object>();
        var seen = new Dictionary<object, int>();
        for (var i = 0; i < list.Items.Length; i++)
        {
            var path = $"{field.Path}[{i + 1}]";
            if (Single(field, path, list.Items[i]) is not { } value)
                continue;
            if (seen.TryAdd(value, i))
                values.Add(value);
            else
                report.Error(
                    "given-twice",
                    path,
                    $"{Quote(((Scalar)list.Items[i]).Text)} is already in the list, as item {seen[value] + 1}.",
                    list.Items[i].Origin
                );
        }

        return values.Count == list.Items.Length ? values.ToImmutable() : null;
    }

    private object? Table(Field field, Node node)
    {
        if (node is not Sequence list)
        {
            report.Error(
                "wrong-type",
                field.Path,
                $"'{field.Label}' needs a list of rows, each beginning with '- {field.Columns[0].Key}:', found {node.Describe()}.",
                node.Origin
            );
            return null;
        }

        if (TooMany(field, list.Items.Length, node))
            return null;
        var rows = ImmutableArray.CreateBuilder<Row>();
        var seen = new Dictionary<object, int>();
        for (var i = 0; i < list.Items.Length; i++)
        {
            if (ReadRow(field, $"{field.Path}[{i + 1}]", list.Items[i]) is not { } row)
                continue;
            rows.Add(row);
            var first = row.Values[field.Columns[0].Key];
            if (!seen.TryAdd(first, i))
                report.Error(
                    "given-twice",
                    $"{field.Path}[{i + 1}]",
                    $"{field.Columns[0].Label.ToLowerInvariant()} '{first}' is already used in row {seen[first] + 1}.",
                    list.Items[i].Origin
                );
        }

        return rows.Count == list.Items.Length ? rows.ToImmutable() : null;
    }

    private Row? ReadRow(Field field, string path, Node node)
    {
        if (node is not Mapping map)
        {
            report.Error(
                "wrong-type",
                path,
                $"a row has the keys {string.Join(", ", field.Columns.Select(c => c.Key))}, found {node.Describe()}.",
                node.Origin
            );
            return null;
        }

        var names = field.Columns.Select(c => c.Key).ToArray();
        var complete = true;
        foreach (var entry in map.Entries.Where(e => !names.Contains(e.Key)))
        {
            report.Error(
                "unknown-key",
                path,
                $"a row of '{field.Label}' has no key {Quote(entry.Key)}.{Nearest.Hint(entry.Key, names)}",
                entry.Origin
            );
            complete = false;
        }

        var values = ImmutableDictionary.CreateBuilder<string, object>(StringComparer.Ordinal);
        foreach (var column in field.Columns)
        {
            var cell = map[column.Key] is { } there and not Scalar { IsNull: true } ? there : null;
            // A cell that need not be there and has no value of its own stays away.
            if (cell is null && column is { Required: false, Default: null })
                continue;
            var value = cell is not null ? Single(column, $"{path}.{column.Key}", cell) : MissingCell(column, path, map);
            if (value is not null)
                values[column.Key] = value;
            else
                complete = false;
        }

        return complete ? new Row(node.Origin, values.ToImmutable()) : null;
    }

    private object? MissingCell(Field column, string path, Mapping map)
    {
        if (column.Default is { } text)
            return column.Kind.Parse(text, column).Value;
        report.Error("missing", $"{path}.{column.Key}", $"the row has no '{column.Key}': {column.Kind.Expected}.", map.Origin);
        return null;
    }

    private Password? ReadPassword(Field field, Node node)
    {
        if (node is Scalar inline)
            return Inline(field, inline);
        if (node is not Mapping { Entries: [{ Value: Scalar value } only] })
        {
            report.Error("wrong-type", field.Path, $"'{field.Label}' needs {field.Kind.Expected}.", node.Origin);
            return null;
        }

        switch (only.Key)
        {
            case "generate" when value.Text == "true":
                return new Password(PasswordSource.Generate, null);
            case "hash" when IsHash(value.Text):
                return new Password(PasswordSource.Hash, new Secret(value.Text));
            case "hash":
                report.Error("bad-value", field.Path, "the hash must be in crypt(5) form, such as $6$salt$... or $y$...", value.Origin);
                return null;
            case "file" or "env":
                return Outside(field, only.Key == "file" ? WantedKind.File : WantedKind.Variable, value);
            case "prompt" when value.Text == "true":
                return Prompted(field, value);
            case "sealed" when SealedName.IsValid(value.Text):
                return Sealed(field, value);
            case "sealed":
                report.Error(
                    "bad-value",
                    field.Path,
                    "the name of a sealed secret contains only lower-case letters, digits and '._-'; the cluster sets it.",
                    value.Origin
                );
                return null;
            default:
                report.Error(
                    "bad-value",
                    field.Path,
                    $"'{field.Label}' needs {field.Kind.Expected}."
                        + Nearest.Hint(only.Key, ["file", "env", "prompt", "generate", "hash", "sealed"]),
                    only.Origin
                );
                return null;
        }
    }

    private Password? Inline(Field field, Scalar inline)
    {
        if (!inputs.AnswersOwnerOnly)
        {
            report.Error(
                "secret-exposed",
                field.Path,
                $"this file contains a password and is readable by other users. Run 'chmod 600 {answers.File}', or write "
                    + $"{{file: PATH}} or {{generate: true}}.",
                inline.Origin
            );
            return null;
        }

        return Typed(field, inline.Text, inline.Origin);
    }

    private Password? Prompted(Field field, Scalar value) =>
        inputs.Things.TryGetValue((WantedKind.Prompt, field.Path), out var typed) && typed.Content is { } bytes
            ? Typed(field, Encoding.UTF8.GetString(bytes.AsSpan()), value.Origin)
            : new Password(PasswordSource.Prompt, null);

    private Password? Sealed(Field field, Scalar name)
    {
        // Another answer's secret would be sent to the server that this answer belongs to.
        if (name.Text != field.Path && !name.Text.StartsWith($"{field.Path}-", StringComparison.Ordinal))
        {
            report.Error(
                "bad-value",
                field.Path,
                $"{Quote(name.Text)} is not a sealed secret of '{field.Label}': its name begins with {field.Path}. The cluster writes it "
                    + $"itself.",
                name.Origin
            );
            return null;
        }

        if (values.Profile is { Clustered: true } profile && !SecretDuties.Reaches(name.Text, profile))
            return new Password(PasswordSource.Sealed, null);
        if (inputs.Things.GetValueOrDefault((WantedKind.Sealed, name.Text)) is { Content: not null } found)
            return Read(field, name, SealedName.FileOf(name.Text), found) is { } password
                ? password with
                {
                    File = SealedName.FileOf(name.Text),
                }
                : null;
        report.Error(
            "sealed-missing",
            field.Path,
            $"'{field.Label}' is the cluster's secret {Quote(name.Text)}, which is missing on this host "
                + $"({SealedName.FileOf(name.Text)}). On a member, 'gatehouse sync' fetches it; anywhere else give the password as "
                + $"{{file: PATH}}.",
            name.Origin
        );
        return null;
    }

    private Password? Outside(Field field, WantedKind kind, Scalar name)
    {
        var found = inputs.Things.GetValueOrDefault((kind, name.Text)) ?? new Found(null, true, "was not read");
        if (found.Content is null)
        {
            report.Error(
                kind == WantedKind.File ? "file-missing" : "variable-missing",
                field.Path,
                $"{Quote(name.Text)} {found.Problem}; it must contain '{field.Label}'.",
                name.Origin
            );
            return null;
        }

        return Read(field, name, name.Text, found) is { } password
            ? password with
            {
                File = kind == WantedKind.File ? name.Text : null,
            }
            : null;
    }

    private Password? Read(Field field, Scalar name, string file, Found found)
    {
        var bytes = found.Content!.Value;
        if (!found.OwnerOnly)
        {
            report.Error("secret-exposed", field.Path, $"{file} is readable by other users. Run 'chmod 600 {file}'.", name.Origin);
            return null;
        }

        if (bytes.Length > 8192 || !System.Text.Unicode.Utf8.IsValid(bytes.AsSpan()))
        {
            report.Error("bad-value", field.Path, $"{Quote(name.Text)} does not contain a single line of UTF-8 text.", name.Origin);
            return null;
        }

        return Typed(field, Encoding.UTF8.GetString(bytes.AsSpan()).TrimEnd('\n', '\r'), name.Origin);
    }

    private Password? Typed(Field field, string text, Origin origin)
    {
        var parsed = field.Kind.Parse(text, field);
        if (text.Length == 0 || parsed.Value is null)
        {
            report.Error(
                "bad-value",
                field.Path,
                text.Length == 0 ? $"'{field.Label}' is empty." : $"'{field.Label}' {parsed.Problem}.",
                origin
            );
            return null;
        }

        return new Password(PasswordSource.Given, (Secret)parsed.Value);
    }

    private bool TooMany(Field field, int count, Node node)
    {
        if (count <= MostItems)
            return false;
        report.Error("too-many", field.Path, $"'{field.Label}' has {count:N0} items; at most {MostItems:N0} are allowed.", node.Origin);
        return true;
    }

    private static bool IsHash(string text) =>
        text.Length is > 12 and < 256
        && text[0] == '$'
        && text.Count(c => c == '$') >= 3
        && text.All(c => char.IsAsciiLetterOrDigit(c) || "$./=,".Contains(c, StringComparison.Ordinal));

    private static string Quote(string text)
    {
        var clean = new string([.. text.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);
        return clean.Length <= 80 ? $"'{clean}'" : $"'{clean[..80]}...'";
    }
}

/// <summary>One row of a table.</summary>
/// <param name="Origin">Where the row begins.</param>
/// <param name="Values">Typed values by column key.</param>
internal sealed record Row(Origin Origin, ImmutableDictionary<string, object> Values);
