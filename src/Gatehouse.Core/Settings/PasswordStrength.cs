using System.Collections.Frozen;

namespace Gatehouse.Core.Settings;

/// <summary>Whether a password that somebody typed would fall to the first guesses.</summary>
public static class PasswordStrength
{
    /// <summary>Shorter ones can be tried out over the network.</summary>
    public const int LeastLength = 10;

    private const int LeastDifferent = 5;

    // What the lists of the commonest passwords are made of, beside the names of this product's world.
    private static readonly FrozenSet<string> Common = new[]
    {
        "password",
        "passwort",
        "passw",
        "admin",
        "administrator",
        "root",
        "gatehouse",
        "gateway",
        "postmaster",
        "mailserver",
        "welcome",
        "changeme",
        "letmein",
        "secret",
        "qwerty",
        "qwertyuiop",
        "qwertz",
        "asdfgh",
        "iloveyou",
        "dragon",
        "monkey",
        "football",
        "baseball",
        "sunshine",
        "princess",
        "master",
        "login",
        "test",
        "default",
        "debian",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>What makes a password weak, completing "the password ..."; null when nothing does. The password itself is never in
    /// it.</summary>
    /// <param name="password">The password.</param>
    /// <param name="names">What everybody knows: the login and the names of the host.</param>
    public static string? Weakness(string password, IEnumerable<string> names)
    {
        if (password.Length < LeastLength)
            return $"has fewer than {LeastLength} characters";
        if (password.Distinct().Count() < LeastDifferent)
            return "repeats a few characters";
        if (password.All(char.IsAsciiDigit))
            return "is a number";
        if (password.Zip(password.Skip(1), (a, b) => b - a).Distinct().Count() == 1)
            return "is a sequence of neighbouring characters";
        // Digits and signs around a common word, and digits in place of letters, are the first that a guesser adds.
        var core = password.ToLowerInvariant().Trim("0123456789!?.,;:+-_*#$%&/()= ".ToCharArray());
        var word = core.Replace('0', 'o').Replace('1', 'i').Replace('3', 'e').Replace('@', 'a').Replace('$', 's');
        return Common.Contains(word) || Common.Contains(core) ? "is a common word"
            : names.Any(n =>
                n.Length > 3
                && (
                    string.Equals(core, n, StringComparison.OrdinalIgnoreCase)
                    || string.Equals(password, n, StringComparison.OrdinalIgnoreCase)
                )
            )
                ? "is a publicly visible name"
            : null;
    }
}
