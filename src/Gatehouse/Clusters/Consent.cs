using System.CommandLine;

namespace Gatehouse.Clusters;

/// <summary>Asks before something that cannot be taken back: the name of what it happens to is to be typed.</summary>
internal static class Consent
{
    /// <summary>Goes on only when the name was typed, or <c>--yes</c> was given.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="what">What will happen, a sentence.</param>
    /// <param name="name">The name to be typed.</param>
    /// <exception cref="SequenceException">It was not.</exception>
    public static void Name(ParseResult parse, string what, string name)
    {
        if (parse.GetValue(GlobalOptions.Yes)) return;
        Console.Error.WriteLine(what);
        if (Console.IsInputRedirected) throw new SequenceException(ExitCodes.Refused, "there is no terminal to ask on; run it again with --yes if that is what you want. Nothing was changed.");
        Console.Error.Write($"Type {name} to go on: ");
        if (Console.In.ReadLine()?.Trim() != name) throw new SequenceException(ExitCodes.Refused, "nothing was changed.");
    }
}
