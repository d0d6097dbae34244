using System.CommandLine;
using Gatehouse.Cluster.Membership;

namespace Gatehouse.Terminal;

/// <summary>Asks before something is lost: for a yes where it comes back, for the name of what it happens to where it does not.</summary>
internal static class Consent
{
    /// <summary>Goes on only when the name was typed, or <c>--yes</c> was given.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="what">What will happen, a sentence.</param>
    /// <param name="name">The name to be typed.</param>
    /// <exception cref="SequenceException">It was not.</exception>
    public static void Name(ParseResult parse, string what, string name)
    {
        if (parse.GetValue(GlobalOptions.Yes))
            return;
        Console.Error.WriteLine(what);
        if (Console.IsInputRedirected)
            throw new SequenceException(
                ExitCodes.Refused,
                "this needs confirmation, and there is no terminal. If you want this, run it again with --yes. Nothing was changed."
            );
        Console.Error.Write($"Type {name} to continue: ");
        if (Console.In.ReadLine()?.Trim() != name)
            throw new SequenceException(ExitCodes.Refused, "cancelled; nothing was changed.");
    }

    /// <summary>Goes on only with a yes, or when <c>--yes</c> was given. Without a terminal nobody is asked, and it is refused.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="what">What will happen, a sentence.</param>
    /// <exception cref="SequenceException">The answer is no, or there is nobody to ask.</exception>
    public static void Yes(ParseResult parse, string what)
    {
        if (parse.GetValue(GlobalOptions.Yes))
            return;
        Console.Error.WriteLine(what);
        if (Console.IsInputRedirected)
            throw new SequenceException(
                ExitCodes.Refused,
                "this needs confirmation, and there is no terminal. Run it again with --yes. Nothing was changed."
            );
        Console.Error.Write("Continue? [y/N] ");
        if (Console.In.ReadLine()?.Trim() is not ("y" or "Y" or "yes"))
            throw new SequenceException(ExitCodes.Refused, "cancelled; nothing was changed.");
    }

    /// <summary>Goes on only when nothing is replaced, with a yes, or when <c>--yes</c> was given.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="doing">What replaces it, the beginning of a sentence.</param>
    /// <param name="replaced">What is replaced, and how it comes back.</param>
    /// <exception cref="SequenceException">The answer is no, or there is nobody to ask.</exception>
    public static void Replacing(ParseResult parse, string doing, IReadOnlyCollection<string> replaced)
    {
        if (replaced.Count == 0 || parse.GetValue(GlobalOptions.Yes))
            return;
        Console.Error.WriteLine($"{doing} replaces:");
        foreach (var what in replaced)
            Console.Error.WriteLine($"  - {what}");
        if (Console.IsInputRedirected)
            throw new SequenceException(
                ExitCodes.Refused,
                "this replaces existing data, and there is no terminal to confirm it. If you want this, run it again with --yes."
            );
        Console.Error.Write("Continue? [y/N] ");
        if (Console.In.ReadLine()?.Trim() is not ("y" or "Y" or "yes"))
            throw new SequenceException(ExitCodes.Refused, "cancelled; nothing was changed.");
    }
}
