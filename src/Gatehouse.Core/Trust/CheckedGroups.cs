using System.Collections.Immutable;
using System.Text;

namespace Gatehouse.Core.Trust;

/// <summary>
/// How bits are written for people who read them aloud and type them: groups of five characters, four of data and a check
/// character. Any wrong character, any two characters of a group changed with each other, and any two groups changed with
/// each other are found, and the group is named.
/// </summary>
/// <param name="Name">What it is, for messages, such as <c>join code</c>.</param>
/// <param name="Prefix">Four letters in front that say what it is; empty for none. May be left out when typing.</param>
/// <param name="Groups">How many groups, at most 31.</param>
/// <param name="OpenGroups">How many groups, from the first, hold no secret. Messages quote only these.</param>
internal sealed record CheckedGroups(string Name, string Prefix, int Groups, int OpenGroups)
{
    private const int Size = 5;

    // More is no code, and not worth the search for its mistakes.
    private const int Longest = 1000;

    /// <summary>Everything that is written this way.</summary>
    private static readonly ImmutableArray<CheckedGroups> Kinds =
    [
        new("join code", "", 12, 8),
        new("master token", "GHMT", 8, 0),
        new("encryption key", "GHEK", 13, 0),
    ];

    /// <summary>A join code: 240 bits, of which the last 80 are secret.</summary>
    public static CheckedGroups JoinCode => Kinds[0];

    /// <summary>A master token: 160 bits.</summary>
    public static CheckedGroups MasterToken => Kinds[1];

    /// <summary>An encryption key: 256 bits, and four that are zero.</summary>
    public static CheckedGroups EncryptionKey => Kinds[2];

    private int Length => Groups * Size;

    private string Compare => $"compare it with the {Name} that was shown";

    /// <summary>Writes bytes that fill the groups.</summary>
    public string Write(ReadOnlySpan<byte> bytes)
    {
        var data = Base32.Write(bytes);
        if (data.Length != Groups * (Size - 1))
            throw new ArgumentException($"{bytes.Length} bytes do not fill a {Name}", nameof(bytes));
        var text = new StringBuilder(Prefix);
        for (var group = 0; group < Groups; group++)
        {
            if (text.Length > 0)
                text.Append('-');
            var part = data.AsSpan(group * (Size - 1), Size - 1);
            text.Append(part).Append(Base32.Digit(Sum(part, group)));
        }

        return text.ToString();
    }

    /// <summary>Reads what was typed; the problem names the groups to look at.</summary>
    public bool TryRead(string text, out byte[] bytes, out string problem)
    {
        bytes = [];
        problem = "";
        if (text.Length > Longest)
        {
            problem = $"this is too long for {Article(Name)}, which has {Length} characters in {Groups} groups";
            return false;
        }

        var parts = Parts(text);
        var typed = string.Concat(parts);
        if (Other(parts, typed) is { } other)
            problem = $"this is {Article(other.Name)}, not {Article(Name)}";
        else if (typed.Length != Length)
            problem = WrongLength(parts, typed.Length);
        else if (WrongCharacter(typed) is { } character)
            problem = character;
        else if (WrongGroups(typed) is { } groups)
            problem = groups;
        if (problem.Length > 0)
            return false;

        var data = string.Concat(Enumerable.Range(0, Groups).Select(g => typed.Substring(g * Size, Size - 1)));
        if (Base32.TryRead(data, out bytes))
            return true;
        problem = $"this is no {Name}, though it is written like one; {Compare}";
        return false;
    }

    /// <summary>What can be said of a text that is still being typed.</summary>
    /// <param name="text">The text so far.</param>
    /// <param name="groups">How many groups are complete.</param>
    /// <returns>What is wrong with the groups that are complete; empty while nothing is.</returns>
    public string JudgePart(string text, out int groups)
    {
        groups = 0;
        if (text.Length > Longest)
            return "";
        var parts = Parts(text);
        var typed = string.Concat(parts);
        groups = Math.Min(Groups, typed.Length / Size);
        var isOpen = text.Length > 0 && !Base32.IsSeparator(text[^1]);
        // Each part that a separator ends holds whole groups, or the operator has left out a character.
        var before = 0;
        foreach (var part in parts.Take(isOpen ? parts.Count - 1 : parts.Count))
        {
            if (part.Length % Size != 0 && before % Size == 0)
            {
                var group = (before + part.Length) / Size;
                return $"{Quoted(group, part)} is mistyped: it has {part.Length} characters instead of {Size}";
            }

            before += part.Length;
        }

        return typed.Length > Length ? "" : WrongCharacter(typed) ?? WrongGroups(typed[..(groups * Size)]) ?? "";
    }

    // What stands between separators, without the prefix.
    private List<string> Parts(string text)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        foreach (var c in text.Append(' '))
        {
            if (!Base32.IsSeparator(c))
                part.Append(c);
            else if (part.Length > 0)
            {
                parts.Add(part.ToString());
                part.Clear();
            }
        }

        if (Prefix.Length == 0 || parts.Count == 0 || !parts[0].StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return parts;
        if (parts[0].Length == Prefix.Length)
            parts.RemoveAt(0);
        else if (parts.Sum(p => p.Length) == Length + Prefix.Length)
            parts[0] = parts[0][Prefix.Length..];
        return parts;
    }

    private CheckedGroups? Other(List<string> parts, string typed) =>
        Kinds.FirstOrDefault(k =>
            k.Prefix.Length > 0
            && k != this
            && parts.Count > 0
            && (
                parts[0].Equals(k.Prefix, StringComparison.OrdinalIgnoreCase)
                || (typed.Length == k.Length + k.Prefix.Length && typed.StartsWith(k.Prefix, StringComparison.OrdinalIgnoreCase))
            )
        );

    private string WrongLength(List<string> parts, int length)
    {
        if (length == 0)
            return $"the {Name} is empty; type it as it was shown";
        if (Prefix.Length > 0 && parts.Count == Groups + 1 && parts.Skip(1).All(p => p.Length == Size))
            return $"the {Name} does not begin with {Prefix}-; {Compare}";
        if (parts.Count == Groups)
        {
            var group = parts.FindIndex(p => p.Length != Size);
            return $"{Quoted(group, parts[group])} is mistyped: it has {parts[group].Length} characters instead of {Size}";
        }

        return parts.TrueForAll(p => p.Length == Size)
            ? $"the {Name} has {parts.Count} groups instead of {Groups}; {Compare}"
            : $"the {Name} has {length} characters instead of {Length}, in {Groups} groups of {Size}; {Compare}";
    }

    private string? WrongCharacter(string typed)
    {
        for (var i = 0; i < typed.Length; i++)
        {
            if (Base32.Value(typed[i]) >= 0)
                continue;
            var group = i / Size;
            var character = char.IsBetween(typed[i], '!', '~') && group < OpenGroups ? $"'{typed[i]}'" : "one of its characters";
            return $"{Quoted(group, Group(typed, group))} is mistyped: {character} is in no {Name}";
        }

        return null;
    }

    private string? WrongGroups(string typed)
    {
        var wrong = Enumerable
            .Range(0, typed.Length / Size)
            .Select(g => (Number: g, Error: Error(typed, g)))
            .Where(g => g.Error != 0)
            .ToArray();
        if (wrong.Length == 0)
            return null;
        if (wrong.Length == 1)
            return $"{Quoted(wrong[0].Number, Group(typed, wrong[0].Number))} is mistyped; {Compare}";
        var exchanged = Term(wrong[0].Number) ^ Term(wrong[1].Number);
        if (wrong.Length == 2 && wrong[0].Error == exchanged && wrong[1].Error == exchanged)
            return $"groups {wrong[0].Number + 1} and {wrong[1].Number + 1} stand in each other's place; {Compare}";
        var numbers = wrong.Select(g => $"{g.Number + 1}").ToArray();
        return $"groups {string.Join(", ", numbers[..^1])} and {numbers[^1]} are mistyped; {Compare}";
    }

    private string Quoted(int group, string text) =>
        group < OpenGroups && text.Length <= 2 * Size && text.All(c => char.IsBetween(c, '!', '~'))
            ? $"group {group + 1}, '{text}',"
            : $"group {group + 1}";

    private static string Group(string typed, int group) => typed.Substring(group * Size, Math.Min(Size, typed.Length - (group * Size)));

    private static string Article(string name) => ("aeiou".Contains(name[0], StringComparison.Ordinal) ? "an " : "a ") + name;

    // The check character makes the weighted sum of all five zero. Weights 2 to 5 and its own 1 differ, so an exchange of
    // two characters changes the sum; the term differs by group, so an exchange of two groups changes both.
    private static int Error(string typed, int group) =>
        Sum(typed.AsSpan(group * Size, Size - 1), group) ^ Base32.Value(typed[(group * Size) + Size - 1]);

    private static int Sum(ReadOnlySpan<char> data, int group)
    {
        var sum = Term(group);
        for (var i = 0; i < data.Length; i++)
            sum ^= Multiply(Base32.Value(data[i]), i + 2);
        return sum;
    }

    private static int Term(int group) => group + 1;

    /// <summary>Multiplies in the field of 32 elements, x^5 + x^2 + 1.</summary>
    internal static int Multiply(int a, int b)
    {
        var product = 0;
        for (; b > 0; b >>= 1)
        {
            if ((b & 1) != 0)
                product ^= a;
            a <<= 1;
            if ((a & 32) != 0)
                a ^= 0b100101;
        }

        return product;
    }
}
