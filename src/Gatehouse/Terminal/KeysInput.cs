using System.CommandLine;
using System.Text;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;

namespace Gatehouse.Terminal;

/// <summary>The master token and the encryption key, as far as they could be read.</summary>
/// <param name="Token">The token; null when there is a problem.</param>
/// <param name="Key">The key; null when there is a problem.</param>
/// <param name="Problems">What is wrong with either.</param>
internal sealed record GivenKeys(MasterToken? Token, EncryptionKey? Key, IReadOnlyList<string> Problems);

/// <summary>Reads what the operator kept of a bootstrap from where no process list and no shell history shows it.</summary>
internal static class KeysInput
{
    /// <summary>The most bytes that are read of a file with keys.</summary>
    public const int Most = 1 << 16;

    private const string TokenMark = "GHMT-";
    private const string KeyMark = "GHEK-";

    /// <summary>The option that names a file.</summary>
    public static Option<string?> File() =>
        new("--keys-file")
        {
            Description =
                "Read the master token and the encryption key from FILE, written by 'bootstrap --keys-file', instead of asking for them.",
            HelpName = "FILE",
        };

    /// <summary>Reads both from the file, from standard input in any order, or from the terminal.</summary>
    public static GivenKeys Read(string? file)
    {
        if (file is not null && !System.IO.File.Exists(file))
            return new GivenKeys(null, null, [$"there is no file {file}."]);
        if (file is null && !Console.IsInputRedirected)
            return Of(SecretLine.Ask("Encryption key: "), SecretLine.Ask("Master token: "));
        var text = file is not null ? Encoding.UTF8.GetString(NamedFile.Read(file, Most)) : Console.In.ReadToEnd();
        return Of(Pick(text, KeyMark), Pick(text, TokenMark));
    }

    /// <summary>Judges both.</summary>
    /// <param name="keyText">The encryption key as typed; null when there was none.</param>
    /// <param name="tokenText">The master token as typed; null when there was none.</param>
    public static GivenKeys Of(string? keyText, string? tokenText)
    {
        var problems = new List<string>();
        EncryptionKey? key = null;
        MasterToken? token = null;
        if (keyText is null)
            problems.Add($"no encryption key was given; it begins with {KeyMark}.");
        else if (!EncryptionKey.TryRead(keyText, out key, out var problem))
            problems.Add($"the encryption key cannot be read: {problem}.");
        if (tokenText is null)
            problems.Add($"no master token was given; it begins with {TokenMark}.");
        else if (!MasterToken.TryRead(tokenText, out token, out var problem))
            problems.Add($"the master token cannot be read: {problem}.");
        return new GivenKeys(token, key, problems);
    }

    /// <summary>What follows a mark on its line, in a text that may say more; null when no line has it.</summary>
    public static string? Pick(string text, string mark) =>
        text.Split('\n').FirstOrDefault(l => l.Contains(mark, StringComparison.OrdinalIgnoreCase)) is { } line
            ? line[line.IndexOf(mark, StringComparison.OrdinalIgnoreCase)..].Trim()
            : null;
}
