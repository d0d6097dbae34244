using System.CommandLine;
using Gatehouse.Cluster.Membership;
using Gatehouse.Terminal;

namespace Gatehouse.Backup;

/// <summary>The passphrase of a backup, from where no process list and no shell history shows it.</summary>
internal static class Passphrase
{
    /// <summary>The option that names a file.</summary>
    public static Option<string?> File() =>
        new("--passphrase-file")
        {
            Description = "Read the passphrase of a gateway's backup from the first line of FILE instead of asking for it.",
            HelpName = "FILE",
        };

    /// <summary>A passphrase for a new backup: typed twice, or read.</summary>
    /// <exception cref="SequenceException">There is none, or it is too short.</exception>
    public static string New(string? file)
    {
        var phrase = Read(file, "Passphrase of the backup: ");
        if (phrase.Length < SealedFile.LeastPassphrase)
            throw new SequenceException(
                ExitCodes.BadInput,
                $"the passphrase of a backup must have at least {SealedFile.LeastPassphrase} characters, because it protects "
                    + "every key of this gateway."
            );
        if (file is null && SecretLine.Ask("Repeat the passphrase: ") != phrase)
            throw new SequenceException(ExitCodes.BadInput, "the two passphrases differ. Nothing was written.");
        return phrase;
    }

    /// <summary>The passphrase of a backup that is there.</summary>
    /// <exception cref="SequenceException">There is none.</exception>
    public static string Of(string? file) => Read(file, "Passphrase of the backup: ");

    private static string Read(string? file, string label)
    {
        try
        {
            if (file is not null)
                return System.IO.File.ReadLines(file).FirstOrDefault("").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SequenceException(ExitCodes.BadInput, $"the passphrase cannot be read: {e.Message}", e);
        }

        if (Console.IsInputRedirected)
            throw new SequenceException(
                ExitCodes.BadInput,
                "the passphrase cannot be entered, because there is no terminal; use --passphrase-file FILE."
            );
        return SecretLine.Ask(label);
    }
}
