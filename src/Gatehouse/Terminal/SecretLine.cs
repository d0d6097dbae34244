using System.Text;

namespace Gatehouse.Terminal;

/// <summary>A line that is typed on the terminal and not shown there.</summary>
internal static class SecretLine
{
    /// <summary>Asks for it.</summary>
    /// <param name="label">What is asked for.</param>
    public static string Ask(string label)
    {
        Console.Error.Write(label);
        var line = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace && line.Length > 0)
                line.Length--;
            else if (!char.IsControl(key.KeyChar))
                line.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return line.ToString();
    }
}
