namespace Gatehouse.Machines;

/// <summary>Who or what runs the program, for the history and the journal.</summary>
public static class Actor
{
    /// <summary>The user who logged in, the terminal and the place it was reached from; or the unit that runs the program.</summary>
    public static string Current() =>
        Words(
            Administrator.Name ?? "",
            Environment.UserName,
            new FileInfo("/proc/self/fd/0").LinkTarget ?? "",
            FactProbe.Session()?.Client.ToString() ?? "",
            Core.Planning.ListeningSockets.UnitOf(Text("/proc/self/cgroup"))
        );

    /// <summary>The same from its parts.</summary>
    /// <param name="person">The user that logged in or called sudo; empty for a service.</param>
    /// <param name="user">The user that the program runs as.</param>
    /// <param name="input">What standard input is.</param>
    /// <param name="from">The address that the session comes from.</param>
    /// <param name="unit">The unit that the program runs in.</param>
    public static string Words(string person, string user, string input, string from, string unit)
    {
        // A service that nobody logged in for: the unit says more than its user. Sessions run in user@ units and scopes.
        if (person.Length == 0 && unit.Length > 0 && !unit.StartsWith("user@", StringComparison.Ordinal))
            return unit;
        var name = person.Length > 0 && person != user ? $"{person} (as {user})" : user;
        var terminal =
            input.StartsWith("/dev/pts/", StringComparison.Ordinal) || input.StartsWith("/dev/tty", StringComparison.Ordinal)
                ? $" on {input[5..]}"
                : "";
        return $"{name}{terminal}{(from.Length > 0 ? $" from {from}" : "")}";
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
