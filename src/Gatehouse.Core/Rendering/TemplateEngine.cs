using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Gatehouse.Core.Values;
using HandlebarsDotNet;

namespace Gatehouse.Core.Rendering;

/// <summary>
/// Compiles and renders Handlebars templates strictly: an unknown name is an error, and a value reaches the output only as a
/// plain token or through the helper that quotes it for the file's language.
/// </summary>
public sealed class TemplateEngine
{
    // Set by the helpers that reveal a secret, during one render on this thread.
    [ThreadStatic]
    private static bool revealed;

    private readonly IHandlebars handlebars;
    private readonly ConcurrentDictionary<string, HandlebarsTemplate<object, object>> compiled = new(StringComparer.Ordinal);

    /// <summary>Makes an engine with the quoting helpers.</summary>
    public TemplateEngine()
    {
        handlebars = Handlebars.Create(
            new HandlebarsConfiguration
            {
                TextEncoder = new TokenGuard(),
                FormatProvider = CultureInfo.InvariantCulture,
                ThrowOnUnresolvedBindingExpression = true,
                PartialTemplateResolver = new NoPartials(),
            }
        );
        handlebars.RegisterHelper("exim", (output, _, arguments) => output.WriteSafeString(EximText(Text(arguments))));
        handlebars.RegisterHelper("exim_once", (output, _, arguments) => output.WriteSafeString(EximText(Text(arguments), "\\")));
        handlebars.RegisterHelper(
            "base64",
            (output, _, arguments) => output.WriteSafeString(Convert.ToBase64String(Encoding.UTF8.GetBytes(Text(arguments))))
        );
        handlebars.RegisterHelper("secret", (output, _, arguments) => output.WriteSafeString(OneLine(Text(arguments))));
        handlebars.RegisterHelper("ucl", (output, _, arguments) => output.WriteSafeString(UclText(Text(arguments))));
        handlebars.RegisterHelper("pem", (output, _, arguments) => output.WriteSafeString(Pem(Text(arguments))));
        handlebars.RegisterHelper("verbatim", (output, _, arguments) => output.WriteSafeString(Verbatim(arguments)));
    }

    /// <summary>Compiles a template ahead of its first use; one that is not valid says so when it is rendered.</summary>
    public void Prepare(string template)
    {
        if (!template.Contains("{{", StringComparison.Ordinal))
            return;
        try
        {
            compiled.GetOrAdd(template, t => handlebars.Compile(t));
        }
        catch (HandlebarsException)
        {
            // Rendering compiles it again and names the file.
        }
    }

    /// <summary>Renders a template.</summary>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="template">Its text.</param>
    /// <param name="view">The values.</param>
    /// <param name="reveals">Whether a secret was written.</param>
    /// <exception cref="TemplateException">The template names an unknown value or prints one unquoted.</exception>
    public string Render(string name, string template, IReadOnlyDictionary<string, object> view, out bool reveals)
    {
        reveals = false;
        if (!template.Contains("{{", StringComparison.Ordinal))
            return template;
        try
        {
            var run = compiled.GetOrAdd(template, t => handlebars.Compile(t));
            revealed = false;
            var text = run(view);
            reveals = revealed;
            return text;
        }
        catch (Exception e) when (e is HandlebarsException or TemplateException)
        {
            var cause = e.InnerException is TemplateException inner ? inner : e;
            throw new TemplateException($"{name}: {cause.Message}", e);
        }
    }

    /// <summary>
    /// Quotes a text for a double-quoted Exim string that is expanded: everything but plain letters and digits is written as
    /// \xHH of its UTF-8 bytes (Exim specification, "String expansions": \x), with the backslash doubled for the outer quoting.
    /// </summary>
    internal static string EximText(string text, string escape = "\\\\")
    {
        var quoted = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)' ' or (byte)'.' or (byte)'-' or (byte)'/')
                quoted.Append((char)b);
            else
                quoted.Append(escape).Append(CultureInfo.InvariantCulture, $"x{b:x2}");
        }

        return quoted.ToString();
    }

    /// <summary>
    /// Quotes a text for a double-quoted string of rspamd's settings: what ends the string, begins an escape or names a variable is
    /// written as \uXXXX, as in JSON (RFC 8259, section 7; rspamd reads its UCL so).
    /// </summary>
    internal static string UclText(string text) =>
        string.Concat(
            text.Select(c =>
                char.IsControl(c) || c is '"' or '\\' or '$' ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString()
            )
        );

    private static string Text(Arguments arguments)
    {
        if (arguments.Length != 1)
            throw new TemplateException("a quoting helper takes one value");
        switch (arguments[0])
        {
            case Secret secret:
                revealed = true;
                return secret.Reveal();
            case string text:
                return text;
            case var other when other is UndefinedBindingResult or null:
                throw new TemplateException($"there is no value '{(other as UndefinedBindingResult)?.Value}'");
            case var other:
                return Convert.ToString(other, CultureInfo.InvariantCulture) ?? "";
        }
    }

    // For whole files that are copied, such as the answers: nothing is quoted, so it takes no ordinary value.
    private static string Verbatim(Arguments arguments) =>
        arguments.Length == 1 && arguments[0] is Secret
            ? Text(arguments)
            : throw new TemplateException("'verbatim' is for whole secret files only");

    private static string OneLine(string text) =>
        text.Any(char.IsControl) ? throw new TemplateException("a secret holds a control character") : text;

    private static string Pem(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || "+/=- \n\r".Contains(c, StringComparison.Ordinal))
            ? text.TrimEnd() + "\n"
            : throw new TemplateException("the value is not in PEM form");

    // Without this one, the library would look for partials among the files of the working directory.
    private sealed class NoPartials : IPartialTemplateResolver
    {
        public bool TryRegisterPartial(IHandlebars env, string? partialName, string? templatePath) => false;
    }
}
