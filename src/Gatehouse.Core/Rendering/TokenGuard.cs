using System.Text;
using HandlebarsDotNet;

namespace Gatehouse.Core.Rendering;

/// <summary>
/// Stands where a template prints a value without a quoting helper: lets plain tokens through (names, addresses, numbers,
/// paths), which mean the same in every configuration language, and refuses everything else.
/// </summary>
internal sealed class TokenGuard : ITextEncoder
{
    public IFormatProvider FormatProvider { get; } = System.Globalization.CultureInfo.InvariantCulture;

    public void Encode(StringBuilder? text, TextWriter target) => Encode(text?.ToString(), target);

    public void Encode(string? text, TextWriter target)
    {
        foreach (var c in text ?? "")
            if (!(char.IsAsciiLetterOrDigit(c) || "._+-/:@,=".Contains(c, StringComparison.Ordinal)))
                throw new TemplateException($"a value holding '{c}' is printed without a quoting helper");
        target.Write(text);
    }

    public void Encode<T>(T? text, TextWriter target)
        where T : IEnumerator<char>
    {
        var builder = new StringBuilder();
        while (text?.MoveNext() ?? false)
            builder.Append(text.Current);
        Encode(builder, target);
    }
}
