using System.CommandLine;
using System.Text;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;

namespace Gatehouse.Terminal;

/// <summary>Reads the master token from where no process list and no shell history shows it.</summary>
internal static class TokenInput
{
    private const string Mark = "GHMT-";

    /// <summary>The option that names a file.</summary>
    public static Option<string?> File() =>
        new("--token-file")
        {
            Description = "Read the master token from FILE, written by 'bootstrap --keys-file', instead of asking for it.",
            HelpName = "FILE",
        };

    /// <summary>Reads it from the file, from standard input, or from the terminal.</summary>
    /// <exception cref="SequenceException">There is none, or it is misspelt.</exception>
    public static MasterToken Read(string? file)
    {
        if (file is not null && !System.IO.File.Exists(file))
            throw new SequenceException(ExitCodes.BadInput, $"there is no file {file}.");
        var text =
            file is not null ? Encoding.UTF8.GetString(NamedFile.Read(file, KeysInput.Most))
            : Console.IsInputRedirected ? Console.In.ReadToEnd()
            : SecretLine.Ask("Master token: ");
        return MasterToken.TryRead(Pick(text), out var token, out var problem)
            ? token
            : throw new SequenceException(ExitCodes.BadInput, $"the master token cannot be read: {problem}.");
    }

    /// <summary>The token in a text that may say more.</summary>
    public static string Pick(string text) => KeysInput.Pick(text, Mark) ?? text.Trim();
}
