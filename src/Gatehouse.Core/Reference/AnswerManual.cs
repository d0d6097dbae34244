using System.Globalization;
using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Reference;

/// <summary>The manual page of answer files, gatehouse-answers(5), from the screens. It is roff in the man macros.</summary>
public static class AnswerManual
{
    /// <summary>The page for all screens.</summary>
    /// <param name="screens">The screens.</param>
    /// <param name="version">The version of the program, for the foot of the page.</param>
    public static string Of(ScreenSet screens, string version)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $".TH GATEHOUSE\\-ANSWERS 5 \"\" \"gatehouse {Escape(version)}\" \"Mail gateways\"\n");
        Section(page, "NAME");
        Line(page, "gatehouse-answers - the answer file of gatehouse");
        Section(page, "DESCRIPTION");
        Line(
            page,
            "An answer file describes a mail gateway. gatehouse(8) reads it and sets up the host accordingly. It is YAML in UTF-8: a "
                + "version, then one section per screen, each with its questions as keys."
        );
        Paragraph(
            page,
            "A question that is left out gets its default. Unknown keys, keys given twice, tabs, anchors and aliases are errors, each "
                + "reported with its line and column."
        );
        Paragraph(
            page,
            "'gatehouse new' prints a file to start from, with every question explained. 'gatehouse check FILE' checks one, and "
                + "'gatehouse schema' prints its JSON Schema for editors."
        );
        Section(page, "VERSION");
        Term(page, "version", "always 1", required: true);
        Line(page, "The version of the format; the first key of every file.");
        Section(page, "INTERACTIVE");
        Term(page, InteractiveKey.Name, "list of sections");
        Line(page, InteractiveKey.Help);
        page.Append(
            CultureInfo.InvariantCulture,
            $".br\n{Escape("Default: []")}\n.br\n{Escape($"Example: {InteractiveKey.Name}: [system, mta]")}\n"
        );
        foreach (var screen in screens.Screens)
            Write(page, screen);
        Kinds(page, screens);
        Secrets(page);
        Section(page, "EXAMPLE");
        Line(page, "Every question that has no default:");
        Literal(page, Example(screens));
        Section(page, "FILES");
        Term(page, "/etc/gatehouse/answers.yaml", "");
        Line(page, "The answers in force, as they were applied last. Only root can read them.");
        Section(page, "SEE ALSO");
        page.Append(".BR gatehouse (8),\n.BR gatehouse\\-new (8),\n.BR gatehouse\\-check (8),\n.BR gatehouse\\-schema (8)\n");
        return page.ToString();
    }

    /// <summary>A text as roff: every character stands for itself, at the beginning of a line and in an argument too.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
            escaped.Append(
                c switch
                {
                    '\\' => "\\e",
                    '-' => "\\-",
                    '"' => "\\(dq",
                    '\'' => "\\(aq",
                    '`' => "\\(ga",
                    '^' => "\\(ha",
                    '~' => "\\(ti",
                    '\n' => " ",
                    _ => c.ToString(),
                }
            );
        if (escaped.Length > 0 && escaped[0] == '.')
            escaped.Insert(0, "\\&");
        return escaped.ToString();
    }

    private static void Write(StringBuilder page, Screen screen)
    {
        Section(page, screen.Title.ToUpperInvariant());
        Line(page, $"Section '{screen.Id}'. {screen.Help}");
        foreach (var field in screen.Fields)
            Write(page, field);
    }

    private static void Write(StringBuilder page, Field field)
    {
        Term(page, field.Key, Kind(field), field.Required);
        Line(page, $"{field.Label}. {field.Help}");
        foreach (var column in field.Columns)
        {
            page.Append(".RS\n");
            Write(page, column);
            page.Append(".RE\n");
        }

        foreach (var choice in field.Choices)
            page.Append(CultureInfo.InvariantCulture, $".br\n\\fB{Escape(choice.Value)}\\fR: {Escape(choice.Text)}\n");
        if (field.Scope == FieldScope.Node)
            page.Append(CultureInfo.InvariantCulture, $".br\n{Escape("In a cluster: each node has its own")}\n");
        foreach (var (name, value) in FieldRemarks.Of(field))
            page.Append(CultureInfo.InvariantCulture, $".br\n{Escape(name)}: {Escape(value)}\n");
    }

    private static string Kind(Field field) =>
        field.IsTable ? "table"
        : field.IsList ? $"list of {field.Kind.Name}"
        : field.Kind.Name;

    private static void Kinds(StringBuilder page, ScreenSet screens)
    {
        Section(page, "KINDS OF VALUES");
        var used = screens
            .Fields.SelectMany(f => f.Columns.IsEmpty ? [f] : f.Columns)
            .Select(f => f.Kind)
            .Distinct()
            .OrderBy(k => k.Name, StringComparer.Ordinal);
        foreach (var kind in used)
        {
            Term(page, kind.Name, "");
            Line(page, kind.Expected);
        }

        Term(page, "table", "");
        Line(page, "a list of rows, each with the keys given for it");
        Paragraph(page, "Values must not contain line breaks or other control characters. Addresses and networks are IPv4 or IPv6.");
    }

    private static void Secrets(StringBuilder page)
    {
        Section(page, "PASSWORDS");
        Line(page, "A password is best kept out of the answer file:");
        foreach (
            var (form, meaning) in new[]
            {
                ("{file: PATH}", "A file of one line that only its owner can read. The path is absolute."),
                ("{env: NAME}", "A variable of the environment."),
                ("{prompt: true}", "Asked for on the terminal."),
                ("{generate: true}", "Generated by gatehouse at the first apply, and kept."),
                ("{hash: TEXT}", "Its hash in the form of crypt(5), where the service accepts one."),
                (
                    "{sealed: NAME}",
                    "A secret that the cluster keeps sealed and distributes to its members, which store it in "
                        + "/etc/gatehouse/secrets/sealed/NAME. The cluster writes this itself where a password was given in one of the "
                        + "other forms."
                ),
            }
        )
        {
            Term(page, form, "");
            Line(page, meaning);
        }

        Paragraph(page, "A password that is written in the file itself is accepted only if nobody but the file's owner can read the file.");
    }

    // Required questions with their examples; those that the host itself answers are left out.
    private static IEnumerable<string> Example(ScreenSet screens)
    {
        yield return "version: 1";
        foreach (var screen in screens.Screens)
        {
            var asked = screen.Fields.Where(f => f.Required && f.When is null && f.DefaultFrom is null && f.Default is null).ToArray();
            if (asked.Length == 0)
                continue;
            yield return $"{screen.Id}:";
            foreach (var field in asked)
                yield return $"  {field.Key}: {FieldRemarks.Value(field, field.Example)}";
        }
    }

    private static void Section(StringBuilder page, string title) => page.Append(CultureInfo.InvariantCulture, $".SH {Escape(title)}\n");

    private static void Term(StringBuilder page, string term, string kind, bool required = false) =>
        page.Append(
            CultureInfo.InvariantCulture,
            $".TP\n\\fB{Escape(term)}\\fR{(kind.Length > 0 ? $" ({Escape(kind)}{(required ? ", required" : "")})" : "")}\n"
        );

    private static void Line(StringBuilder page, string text) => page.Append(Escape(text)).Append('\n');

    private static void Paragraph(StringBuilder page, string text)
    {
        page.Append(".PP\n");
        Line(page, text);
    }

    private static void Literal(StringBuilder page, IEnumerable<string> lines)
    {
        page.Append(".PP\n.RS 4\n.nf\n");
        foreach (var line in lines)
            Line(page, line);
        page.Append(".fi\n.RE\n");
    }
}
