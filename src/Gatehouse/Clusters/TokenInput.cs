using System.CommandLine;
using System.Text;
using Gatehouse.Core.Trust;

namespace Gatehouse.Clusters;

/// <summary>Reads the master token from where no process list and no shell history shows it.</summary>
internal static class TokenInput
{
    private const string Mark = "GHMT-";

    /// <summary>The option that names a file.</summary>
    public static Option<string?> File() => new("--token-file") { Description = "Read the master token from FILE, as 'bootstrap --keys-file' wrote it, instead of asking for it.", HelpName = "FILE" };

    /// <summary>Reads it from the file, from standard input, or from the terminal.</summary>
    /// <exception cref="SequenceException">There is none, or it is misspelt.</exception>
    public static MasterToken Read(string? file)
    {
        if (file is not null && !System.IO.File.Exists(file)) throw new SequenceException(ExitCodes.BadInput, $"there is no file {file}.");
        var text = file is not null ? System.IO.File.ReadAllText(file) : Console.IsInputRedirected ? Console.In.ReadToEnd() : Ask();
        return MasterToken.TryRead(Pick(text), out var token, out var problem) ? token : throw new SequenceException(ExitCodes.BadInput, $"the master token cannot be read: {problem}.");
    }

    /// <summary>The token in a text that may say more.</summary>
    public static string Pick(string text) =>
        text.Split('\n').FirstOrDefault(l => l.Contains(Mark, StringComparison.OrdinalIgnoreCase)) is { } line ? line[line.IndexOf(Mark, StringComparison.OrdinalIgnoreCase)..].Trim() : text.Trim();

    private static string Ask()
    {
        Console.Error.Write("Master token: ");
        var line = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace && line.Length > 0) line.Length--;
            else if (!char.IsControl(key.KeyChar)) line.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return line.ToString();
    }
}
