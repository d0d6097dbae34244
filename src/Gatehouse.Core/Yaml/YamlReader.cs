using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Gatehouse.Core.Reports;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gatehouse.Core.Yaml;

/// <summary>
/// Reads one YAML document into nodes with line and column. It takes the plain subset that answer files need: no
/// anchors, aliases, tags or several documents, so no document can grow while it is read.
/// </summary>
public sealed partial class YamlReader
{
    /// <summary>Larger files are refused: the largest sensible answer file (10,000 domains) is well below it.</summary>
    public const int MaximumBytes = 2 * 1024 * 1024;

    private const int MaximumDepth = 12;
    private const int MostAnchorsNamed = 10;
    private readonly string file;
    private readonly Report report;
    private readonly Scanner scanner;
    private readonly Parser parser;
    private int anchors;

    private YamlReader(string file, string text, Report report)
    {
        this.file = file;
        this.report = report;
        scanner = new Scanner(new StringReader(text), skipComments: true);
        parser = new Parser(scanner);
    }

    /// <summary>Reads the bytes of a file. Returns null, with at least one error in the report, when it cannot be read.</summary>
    /// <param name="file">The name to show in findings.</param>
    /// <param name="bytes">The whole content, UTF-8.</param>
    /// <param name="report">Receives the findings.</param>
    public static Node? Read(string file, ReadOnlySpan<byte> bytes, Report report)
    {
        var start = new Origin(file, 1, 1);
        if (bytes.Length > MaximumBytes)
        {
            report.Error(
                "file-too-large",
                "",
                $"the file is larger than {MaximumBytes:N0} bytes, more than any answer file needs; is it the right one?",
                start
            );
            return null;
        }

        if (Decode(file, bytes, report) is not { } text)
            return null;
        var errors = report.Count(f => f.Severity == Severity.Error);
        var reader = new YamlReader(file, text, report);
        try
        {
            var node = reader.Document();
            return report.Count(f => f.Severity == Severity.Error) > errors ? null : node;
        }
        catch (YamlException e)
        {
            report.Add(reader.Explain(e, text));
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // The library's own slip on some unfinished flow collections ("{a: b" and a line after it).
            report.Add(Syntax("this is not valid YAML: look for a bracket, brace or quote that is not closed.", reader.Here));
            return null;
        }
    }

    private static string? Decode(string file, ReadOnlySpan<byte> bytes, Report report)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[3..];
        var valid = System.Text.Unicode.Utf8.IsValid(bytes);
        var text = Encoding.UTF8.GetString(bytes);
        var bad = valid ? text.AsSpan().IndexOfAnyInRange('\0', '\b') : text.IndexOf('\uFFFD', StringComparison.Ordinal);
        if (bad < 0)
            return text;
        var before = text.AsSpan(0, bad);
        var origin = new Origin(file, before.Count('\n') + 1, bad - before.LastIndexOf('\n'));
        report.Error(
            valid ? "control-character" : "invalid-utf8",
            "",
            valid
                ? "the file holds a control character; answer files are plain text."
                : "the file is not valid UTF-8 from here on; save it as UTF-8.",
            origin
        );
        return null;
    }

    // The library may notice a tab lines after the mapping began that it reports.
    private Finding Explain(YamlException e, string text)
    {
        var lines = text.Split('\n');
        var first = Math.Max(1, (int)e.Start.Line);
        for (var line = first; line <= Math.Min(lines.Length, Math.Max((int)e.End.Line, Here.Line)); line++)
        {
            var content = lines[line - 1];
            var tab = content.AsSpan(0, content.Length - content.AsSpan().TrimStart().Length).IndexOf('\t');
            if (tab >= 0)
                return Syntax("the line is indented with a tab; YAML takes spaces only.", new Origin(file, line, tab + 1));
        }

        var column = Math.Max(1, (int)e.Start.Column);
        if (first <= lines.Length && column <= lines[first - 1].Length && lines[first - 1][column - 1] == '*')
            return Syntax(
                "an asterisk has a meaning of its own in YAML; a value that begins with one needs quotes: \"*\".",
                new Origin(file, first, column)
            );
        foreach (var (content, line) in lines.Select((l, i) => (l, i + 1)).Skip(first - 1).Take(Math.Max(1, Here.Line - first + 1)))
            if (BareBrackets().Match(content) is { Success: true, Groups: [_, var bare] })
                return Syntax(
                    $"an IPv6 address in brackets needs quotes, because brackets begin a list in YAML: \"{bare.Value}\".",
                    new Origin(file, line, bare.Index + 1)
                );
        return Syntax($"this is not valid YAML: {Sentence(e.Message)}", new Origin(file, first, column));
    }

    [GeneratedRegex(@"[\s:,](\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\](?::[0-9]+)?)")]
    private static partial Regex BareBrackets();

    private static Finding Syntax(string message, Origin origin) => new(Severity.Error, "yaml-syntax", "", message, origin);

    private static string Sentence(string message)
    {
        // Newer messages carry the place in front, which the finding says already.
        var text = message.Contains("): ", StringComparison.Ordinal)
            ? message[(message.LastIndexOf("): ", StringComparison.Ordinal) + 3)..]
            : message;
        text = new string([.. text.Where(c => !char.IsControl(c))]);
        return text.Length > 0 ? char.ToLowerInvariant(text[0]) + text[1..].TrimEnd('.') + "." : "unknown error.";
    }

    private Mapping Document()
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _))
            return new Mapping(new Origin(file, 1, 1), []);
        parser.Consume<DocumentStart>();
        var node = Value(0);
        parser.Consume<DocumentEnd>();
        if (parser.Current is DocumentStart second)
            report.Error("second-document", "", "a second document starts here; put all answers in one.", At(second));
        if (node is Mapping mapping)
            return mapping;
        if (node is not Scalar { IsNull: true })
            report.Error("not-a-mapping", "", $"expected keys and values (key: value), found {node.Describe()}.", node.Origin);
        return new Mapping(node.Origin, []);
    }

    private Node Value(int depth)
    {
        var current = parser.Current ?? throw new YamlException("the file ends too early");
        var origin = At(current);
        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
            Anchor($"&{anchored.Anchor.Value}", origin);
        if (current is NodeEvent { Tag.IsEmpty: false } tagged and not YamlDotNet.Core.Events.Scalar { IsQuotedImplicit: true })
            report.Error("tag", "", $"tags ({tagged.Tag.Value}) are not taken; write the value plainly.", origin);
        if (depth > MaximumDepth)
            throw new YamlException(current.Start, current.End, $"the value is nested more than {MaximumDepth} levels deep");
        switch (current)
        {
            case YamlDotNet.Core.Events.Scalar scalar:
                parser.MoveNext();
                return new Scalar(origin, scalar.Value, scalar.Style is not ScalarStyle.Plain);
            case SequenceStart:
                return List(origin, depth);
            case MappingStart:
                return Map(origin, depth);
            case AnchorAlias alias:
                parser.MoveNext();
                Anchor($"*{alias.Value.Value}", origin);
                return new Scalar(origin, "", false);
            default:
                throw new YamlException(current.Start, current.End, "a value is missing here");
        }
    }

    // A file made to grow names thousands of them; a few findings say it all.
    private void Anchor(string written, Origin origin)
    {
        if (++anchors <= MostAnchorsNamed)
            report.Error("anchor", "", $"anchors and aliases ({written}) are not taken; write the value out.", origin);
    }

    private Sequence List(Origin origin, int depth)
    {
        parser.MoveNext();
        var items = ImmutableArray.CreateBuilder<Node>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(Value(depth + 1));
        return new Sequence(origin, items.ToImmutable());
    }

    private Mapping Map(Origin origin, int depth)
    {
        parser.MoveNext();
        var entries = ImmutableArray.CreateBuilder<Entry>();
        var seen = new Dictionary<string, Origin>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Value(depth + 1);
            var value = Value(depth + 1);
            if (key is not Scalar { Text: var name })
                report.Error("key-not-text", "", $"a key must be a word, found {key.Describe()}.", key.Origin);
            else if (!seen.TryAdd(name, key.Origin))
                report.Error(
                    "duplicate-key",
                    name,
                    $"the key '{name}' was given before, on line {seen[name].Line}; keep one of them.",
                    key.Origin
                );
            else
                entries.Add(new Entry(name, key.Origin, value));
        }

        return new Mapping(origin, entries.ToImmutable());
    }

    // How far the library has read.
    private Origin Here => new(file, Math.Max(1, (int)scanner.CurrentPosition.Line), Math.Max(1, (int)scanner.CurrentPosition.Column));

    private Origin At(ParsingEvent e) => new(file, (int)e.Start.Line, (int)e.Start.Column);
}
