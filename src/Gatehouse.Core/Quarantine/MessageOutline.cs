using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Quarantine;

/// <summary>
/// The parts of a message (MIME, RFC 2046) as an administrator wants to see them before a release: kind, file name and size. It reads line
/// by line and trusts nothing: at worst a part is missing in the list or has a wrong name; what a mail program would show is not decided
/// here.
/// </summary>
public sealed partial class MessageOutline
{
    private const int MostParts = 50;
    private const int MostNested = 20;
    private const int LongestHeader = 4000;
    private readonly List<string> boundaries = [];
    private readonly ImmutableArray<string>.Builder parts = ImmutableArray.CreateBuilder<string>();
    private string field = "";
    private string type = "text/plain";
    private string name = "";
    private bool isBase64;
    private bool inHeader = true;
    private bool hasContent;
    private long bytes;

    /// <summary>Takes the next line of the message.</summary>
    /// <param name="line">The line, without its end.</param>
    public void Add(string line)
    {
        if (inHeader)
        {
            if (line.Length > 0 && line[0] is ' ' or '\t')
                Continue(line);
            else if (line.Length == 0)
                EndHeader();
            else
                Field(line);
            return;
        }

        if (line.StartsWith("--", StringComparison.Ordinal) && Boundary(line) is >= 0 and var index)
        {
            EndPart();
            var isClosing = line.TrimEnd() == $"--{boundaries[index]}--";
            boundaries.RemoveRange(isClosing ? index : index + 1, boundaries.Count - (isClosing ? index : index + 1));
            (inHeader, hasContent) = (!isClosing, false);
            // What stands behind the last part belongs to none.
            if (isClosing)
                type = "";
            return;
        }

        bytes += isBase64 ? line.Length * 3 / 4 : line.Length + 1;
        hasContent = true;
    }

    /// <summary>The parts: kind, name if there is one, and size.</summary>
    public ImmutableArray<string> End()
    {
        if (!inHeader && hasContent)
            EndPart();
        return parts.ToImmutable();
    }

    private void Field(string line)
    {
        Keep();
        field = line.Length > LongestHeader ? line[..LongestHeader] : line;
    }

    private void Continue(string line)
    {
        if (field.Length + line.Length <= LongestHeader)
            field += line;
    }

    private void Keep()
    {
        if (field.StartsWith("Content-Type:", StringComparison.OrdinalIgnoreCase))
        {
            type = Type().Match(field) is { Success: true } kind ? kind.Groups[1].Value.ToLowerInvariant() : "unknown";
            if (
                type.StartsWith("multipart/", StringComparison.Ordinal)
                && boundaries.Count < MostNested
                && Parameter(field, "boundary") is { Length: > 0 } boundary
            )
                boundaries.Add(boundary);
            if (name.Length == 0)
                name = Parameter(field, "name");
        }
        else if (
            field.StartsWith("Content-Disposition:", StringComparison.OrdinalIgnoreCase)
            && Parameter(field, "filename") is { Length: > 0 } given
        )
        {
            name = given;
        }
        else if (field.StartsWith("Content-Transfer-Encoding:", StringComparison.OrdinalIgnoreCase))
        {
            isBase64 = field.Contains("base64", StringComparison.OrdinalIgnoreCase);
        }

        field = "";
    }

    private void EndHeader()
    {
        Keep();
        inHeader = false;
    }

    private void EndPart()
    {
        // What stands in front of the first part belongs to none.
        if (!type.StartsWith("multipart/", StringComparison.Ordinal) && type.Length > 0 && parts.Count < MostParts)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{type}{(name.Length > 0 ? $", {name}" : "")}, {bytes:N0} bytes"));
        (type, name, isBase64, bytes) = ("text/plain", "", false, 0);
    }

    private int Boundary(string line)
    {
        for (var i = boundaries.Count - 1; i >= 0; i--)
            if (line.TrimEnd() is var text && (text == $"--{boundaries[i]}" || text == $"--{boundaries[i]}--"))
                return i;
        return -1;
    }

    // Also in the form of RFC 2231 (filename*=utf-8''...), in pieces (filename*0=...) the first of them.
    private static string Parameter(string field, string name)
    {
        var found = Regex.Match(
            field,
            $"[;\\s]{name}(\\*[0-9]*\\*?)?=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^;\\s]*))",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
            TimeSpan.FromSeconds(1)
        );
        if (!found.Success)
            return "";
        var value = found.Groups[2].Success ? found.Groups[2].Value.Replace("\\\"", "\"", StringComparison.Ordinal) : found.Groups[3].Value;
        return found.Groups[1].Value.EndsWith('*') && value.Split('\'', 3) is [_, _, var encoded] ? Uri.UnescapeDataString(encoded) : value;
    }

    [GeneratedRegex(@"^[^:]*:\s*([A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,80})", RegexOptions.CultureInvariant)]
    private static partial Regex Type();
}
