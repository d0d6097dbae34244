using System.Globalization;

namespace Gatehouse.Machines;

/// <summary>The person at the keyboard, behind root: who a record says did something.</summary>
public static class Administrator
{
    private const string LoginNumber = "/proc/self/loginuid";
    private static readonly AsyncLocal<string?> Other = new();

    /// <summary>The name; null where nobody logged in, as in a service.</summary>
    public static string? Name =>
        Other.Value
        ?? Of(
            Environment.GetEnvironmentVariable("SUDO_USER"),
            ReadNumber(),
            File.Exists("/etc/passwd") ? File.ReadAllText("/etc/passwd") : ""
        );

    /// <summary>The name for records that everybody reads, in plain letters; the user that the program runs as where nobody logged
    /// in.</summary>
    public static string NameOrUser => Plain(Name) ?? Plain(Environment.UserName) ?? "root";

    /// <summary>For what this flow of work does from here on: it carries out what somebody ordered elsewhere.</summary>
    /// <param name="name">The other one's name; null for none.</param>
    public static void ActFor(string? name) => Other.Value = name;

    /// <summary>The name by what is known of a session: sudo names the caller, the kernel keeps the number of the login through su and
    /// sudo.</summary>
    /// <param name="sudo">What sudo says.</param>
    /// <param name="login">The number of the login; null where nobody logged in.</param>
    /// <param name="users">The host's user database, as in <c>/etc/passwd</c>.</param>
    internal static string? Of(string? sudo, uint? login, string users)
    {
        if (sudo is { Length: > 0 })
            return sudo;
        if (login is not { } number)
            return null;
        var text = number.ToString(CultureInfo.InvariantCulture);
        return users.Split('\n').Select(l => l.Split(':')).FirstOrDefault(w => w.Length > 2 && w[2] == text)?[0] ?? text;
    }

    private static string? Plain(string? name) =>
        name is { Length: > 0 and <= 64 } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@' or '$')
            ? name
            : null;

    private static uint? ReadNumber()
    {
        try
        {
            return
                uint.TryParse(File.ReadAllText(LoginNumber), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number != uint.MaxValue
                ? number
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
