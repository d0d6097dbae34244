using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Quarantine;

/// <summary>
/// The name of a quarantined message: the number of the node that took it, and Exim's message id there. Numbers are never
/// used twice in a cluster, so the pair is unique for any number of nodes, where Exim's own id is for 17 at most.
/// </summary>
/// <param name="Node">The node's number.</param>
/// <param name="Message">Exim's message id.</param>
public sealed partial record QuarantineId(int Node, string Message)
{
    /// <summary>Reads <c>NODE/MESSAGE</c>, or <c>NODE-MESSAGE</c> as it stands in the quarantine's files.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The id.</param>
    public static bool TryParse(string text, out QuarantineId id)
    {
        var match = Form().Match(text);
        id =
            match.Success
            && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var node)
            && node > 0
                ? new QuarantineId(node, match.Groups[2].Value)
                : new QuarantineId(0, "");
        return id.Node > 0;
    }

    /// <summary>Reads an id as <see cref="TryParse(string, out QuarantineId)"/> does, or Exim's message id alone where one node takes all
    /// messages.</summary>
    /// <param name="text">The text.</param>
    /// <param name="only">The number of that node; null where there are several.</param>
    /// <param name="id">The id.</param>
    public static bool TryParse(string text, int? only, out QuarantineId id) =>
        TryParse(text, out id) || (only is { } node && TryParse(string.Create(CultureInfo.InvariantCulture, $"{node}/{text}"), out id));

    /// <summary>The message id that a file's name begins with; null when it is none of a message's files.</summary>
    /// <param name="file">A name without its extension.</param>
    public static string? MessageOf(string file) => File().Match(file) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary><c>NODE/MESSAGE</c></summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Node}/{Message}");

    /// <summary><c>NODE-MESSAGE</c>, for names of files.</summary>
    public string ToFileName() => string.Create(CultureInfo.InvariantCulture, $"{Node}-{Message}");

    // Six, six to eleven, two to four characters of base 62: Exim before 4.97 and since.
    private const string MessageForm = "[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}";

    [GeneratedRegex(@"^([1-9][0-9]{0,5})[/-](" + MessageForm + @")\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"^(" + MessageForm + @")(?:-[0-9A-Za-z]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex File();
}
