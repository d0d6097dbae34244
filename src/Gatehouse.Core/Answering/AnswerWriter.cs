using System.Globalization;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Scalar = Gatehouse.Core.Yaml.Scalar;

namespace Gatehouse.Core.Answering;

/// <summary>Writes answers as an answer file that <see cref="AnswerFile"/> reads as the same answers.</summary>
public static class AnswerWriter
{
    /// <summary>The text of the file: comment, version, then sections and keys in the order of the screens. Questions without an answer are
    /// left out.</summary>
    /// <param name="screens">What is asked; answers to anything else are not written.</param>
    /// <param name="answers">What was answered.</param>
    /// <param name="comment">Words for the top of the file, perhaps of several lines.</param>
    /// <exception cref="ArgumentException">A value holds half a character (a lone surrogate), which no file can hold.</exception>
    public static string Write(ScreenSet screens, Answers answers, string comment = "")
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        foreach (var line in Lines(comment))
            text.Write($"# {line}".TrimEnd() + "\n");
        // Lines are never folded: what was one line stays one.
        var emitter = new Emitter(text, EmitterSettings.Default.WithBestWidth(int.MaxValue).WithIndentedSequences().WithNewLine("\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        try
        {
            Emit(emitter, Root(screens, answers));
        }
        catch (YamlException e)
        {
            throw new ArgumentException("an answer holds half a character (a lone surrogate)", nameof(answers), e);
        }

        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static IEnumerable<ParsingEvent> Root(ScreenSet screens, Answers answers)
    {
        yield return Begin(flow: false);
        yield return Key("version");
        yield return Plain(AnswerFile.Version.ToString(CultureInfo.InvariantCulture));
        foreach (var e in Interactive(screens, answers))
            yield return e;
        foreach (var screen in screens.Screens)
        {
            var given = screen.Fields.Where(f => answers[f.Path] is not null).ToArray();
            if (given.Length == 0)
                continue;
            yield return Key(screen.Id);
            yield return Begin(flow: false);
            foreach (var field in given)
            {
                yield return Key(field.Key);
                foreach (var e in Value(answers[field.Path]!, field, flow: field.Kind.Name == "password"))
                    yield return e;
            }

            yield return new MappingEnd();
        }

        yield return new MappingEnd();
    }

    private static IEnumerable<ParsingEvent> Interactive(ScreenSet screens, Answers answers)
    {
        if (answers.Interactive.IsEmpty)
            yield break;
        yield return Key(InteractiveKey.Name);
        if (screens.Screens.All(s => answers.Interactive.Contains(s.Id)))
        {
            yield return Quoted(InteractiveKey.Every);
            yield break;
        }

        yield return new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Flow);
        foreach (var screen in screens.Screens.Where(s => answers.Interactive.Contains(s.Id)))
            yield return Key(screen.Id);
        yield return new SequenceEnd();
    }

    // What was answered in a shape that the field does not take is written in that shape: the reader is who tells.
    private static IEnumerable<ParsingEvent> Value(Node node, Field field, bool flow)
    {
        switch (node)
        {
            case Scalar scalar:
                yield return PlainText.IsSafe(scalar.Text, field.Kind, flow) ? Plain(scalar.Text) : Quoted(scalar.Text);
                break;
            case Sequence list:
                yield return new SequenceStart(
                    AnchorName.Empty,
                    TagName.Empty,
                    isImplicit: true,
                    flow ? SequenceStyle.Flow : SequenceStyle.Block
                );
                foreach (var e in list.Items.SelectMany(i => Value(i, field, flow)))
                    yield return e;
                yield return new SequenceEnd();
                break;
            case Mapping map:
                yield return Begin(flow);
                // An empty cell is a cell that was left out.
                foreach (var entry in map.Entries.Where(e => field.Kind.Name == "password" || e.Value is not Scalar { IsNull: true }))
                {
                    yield return PlainText.IsSafe(entry.Key, Text, flow) ? Plain(entry.Key) : Quoted(entry.Key);
                    foreach (var e in Value(entry.Value, Part(field, entry.Key), flow))
                        yield return e;
                }

                yield return new MappingEnd();
                break;
        }
    }

    private static FieldKind Text => FieldKind.All["text"];

    // What a mapping's key holds: a column of a table, or one of the forms of a password.
    private static Field Part(Field field, string key) =>
        field.Columns.FirstOrDefault(c => c.Key == key)
        ?? field with
        {
            Kind = key is "generate" or "prompt" && field.Kind.Name == "password" ? FieldKind.All["boolean"] : Text,
        };

    private static void Emit(Emitter emitter, IEnumerable<ParsingEvent> events)
    {
        foreach (var e in events)
            emitter.Emit(e);
    }

    private static MappingStart Begin(bool flow) =>
        new(AnchorName.Empty, TagName.Empty, isImplicit: true, flow ? MappingStyle.Flow : MappingStyle.Block);

    private static YamlDotNet.Core.Events.Scalar Key(string id) => PlainText.IsSafe(id, Text, flow: true) ? Plain(id) : Quoted(id);

    private static YamlDotNet.Core.Events.Scalar Plain(string text) => Of(text, ScalarStyle.Plain);

    private static YamlDotNet.Core.Events.Scalar Quoted(string text) => Of(text, ScalarStyle.DoubleQuoted);

    private static YamlDotNet.Core.Events.Scalar Of(string text, ScalarStyle style) =>
        new(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true);

    // Whatever YAML or an editor takes for the end of a line ends a comment line here as well.
    private static IEnumerable<string> Lines(string comment)
    {
        if (comment.Length == 0)
            return [];
        var lines = comment.TrimEnd('\n').ReplaceLineEndings("\n").Split('\n');
        return lines.Select(l => new string([.. l.Select(c => char.IsControl(c) ? ' ' : c)]));
    }
}
