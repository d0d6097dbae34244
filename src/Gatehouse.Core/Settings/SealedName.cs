using System.Text.RegularExpressions;

namespace Gatehouse.Core.Settings;

/// <summary>
/// Names of secrets that a cluster keeps sealed, as answers write them: <c>{sealed: NAME}</c>. A member has each of them opened,
/// in a file of that name which only root can read.
/// </summary>
public static partial class SealedName
{
    /// <summary>The directory on members that holds the opened secrets.</summary>
    public const string Directory = "/etc/gatehouse/secrets/sealed";

    private const int Longest = 100;

    /// <summary>Whether a name is one: lower-case letters, digits and <c>._-</c>, beginning with a letter or digit, so that it never leads
    /// out of the directory.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= Longest
        && (char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0]))
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || "._-".Contains(c, StringComparison.Ordinal));

    /// <summary>The file of a secret on a member.</summary>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public static string FileOf(string name) =>
        IsValid(name) ? $"{Directory}/{name}" : throw new ArgumentException($"'{name}' is not the name of a sealed secret", nameof(name));

    /// <summary>Whether a secret came with a version of the settings, whose number its name ends with; it goes with that version. The
    /// registry's migration 18 has the same pattern.</summary>
    public static bool IsOfVersion(string name) => VersionEnd().IsMatch(name);

    [GeneratedRegex("-[0-9]+(-[0-9a-f]{8})?$")]
    private static partial Regex VersionEnd();
}
