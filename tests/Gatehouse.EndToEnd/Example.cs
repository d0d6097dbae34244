using System.Text.RegularExpressions;

namespace Gatehouse.EndToEnd;

/// <summary>Answers as users have them, with only some values changed: what is not named in the changes stays as it was shipped or
/// printed.</summary>
public static partial class Example
{
    /// <summary>The shipped example with the changes of a file in <c>Answers</c>.</summary>
    public static string For(string file) => With(File.ReadAllText(Lab.File("Answers", file)));

    /// <summary>The shipped example with changes: answers of their own, screen by screen.</summary>
    public static string With(string changes) =>
        Change(File.ReadAllText(Path.Combine(Lab.Root(), "iso", "answers", "standalone.yaml")), changes);

    /// <summary>Answers, or the skeleton that <c>gatehouse new</c> prints, in which each answer of <paramref name="changes"/> takes the
    /// place of the one with its key.</summary>
    public static string Change(string answers, string changes)
    {
        foreach (Match screen in Screen().Matches(changes))
        {
            foreach (Match answer in Answer().Matches(screen.Groups["answers"].Value))
            {
                answers = Put(answers, screen.Groups["key"].Value, answer.Groups["key"].Value, answer.Value.TrimEnd('\n') + "\n");
            }
        }

        return answers;
    }

    private static string Put(string answers, string screen, string key, string lines)
    {
        var place = Screen().Matches(answers).FirstOrDefault(m => m.Groups["key"].Value == screen);
        if (place is null)
            return $"{answers.TrimEnd('\n')}\n\n{screen}:\n{lines}";
        var old = place.Groups["answers"];
        var present = Answer().Matches(old.Value).FirstOrDefault(m => m.Groups["key"].Value == key);
        // At the end of the screen, when it was only explained there or not named at all.
        var changed = present is null
            ? $"{old.Value.TrimEnd('\n')}\n{lines}\n"
            : old.Value.Remove(present.Index, present.Length).Insert(present.Index, lines);
        return answers.Remove(old.Index, old.Length).Insert(old.Index, changed);
    }

    [GeneratedRegex(@"(?m)^(?<key>[a-z]+):\n(?<answers>(?:(?:[ #].*)?\n)*)")]
    private static partial Regex Screen();

    // An answer goes on in lines that are further in.
    [GeneratedRegex(@"(?m)^  (?<key>[a-z_]+):.*\n(?:   +.*\n)*")]
    private static partial Regex Answer();
}
