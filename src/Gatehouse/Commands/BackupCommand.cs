using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Backup;
using Gatehouse.Cluster.Founding;
using Gatehouse.Cluster.Membership;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse backup</c></summary>
internal static class BackupCommand
{
    private static readonly Argument<string> FileArgument = new("FILE") { Description = "The file to write; only you can read it." };
    private static readonly Option<bool> Replace = new("--replace") { Description = "Overwrite an existing backup." };

    private static readonly Option<string?> PassphraseFile = Passphrase.File();
    private static readonly Option<bool> WithQuarantine = new("--with-quarantine")
    {
        Description = "Include the quarantined messages (only on a gateway without a cluster).",
    };

    public static Command Create()
    {
        var command = new Command(
            "backup",
            """
            Writes everything needed to set up this gateway again on a fresh host: answers and the files that they name, keys,
            certificates, generated secrets and templates of the site, encrypted with a passphrase. On a member of a cluster, it writes
            everything needed to rebuild the cluster after a total loss, encrypted with the cluster's encryption key.
            It does not include queued mail, logs, statistics or what the scanner has learned.

            Example: gatehouse backup /root/mx1.backup --passphrase-file /root/passphrase
            """
        )
        {
            FileArgument,
            Replace,
            PassphraseFile,
            WithQuarantine,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var file = Path.GetFullPath(parse.GetValue(FileArgument)!);
        if (Problem(file, parse.GetValue(Replace)) is { } problem)
            throw new SequenceException(ExitCodes.BadInput, problem);
        var machine = GlobalOptions.Machine(parse);
        if (new ClusterFiles(machine).Node is not { } me)
            return await GatewayBackupRun.MakeAsync(
                parse,
                machine,
                file,
                parse.GetValue(PassphraseFile),
                parse.GetValue(WithQuarantine),
                ct
            );
        if (parse.GetValue(WithQuarantine) || parse.GetValue(PassphraseFile) is not null)
            throw new SequenceException(
                ExitCodes.BadInput,
                "--with-quarantine and --passphrase-file are for a gateway without a cluster; a cluster's backup is "
                    + "encrypted with its encryption key."
            );
        var made = await new BackupSequence(machine, TimeProvider.System).MakeAsync(me, ct);
        Write(file, made.Text);
        foreach (var warning in made.Warnings)
            Console.Error.WriteLine($"warning: {warning}");
        Console.Out.WriteLine(parse.GetValue(GlobalOptions.Json) ? Json.Text(AsJson(made, file)) : AsText(made, file));
        return ExitCodes.Done;
    }

    private static string? Problem(string file, bool replace)
    {
        if (Directory.Exists(file))
            return $"{file} is a directory; name a file in it.";
        if (!Directory.Exists(Path.GetDirectoryName(file)))
            return $"the directory {Path.GetDirectoryName(file)} for the backup does not exist.";
        return File.Exists(file) && !replace ? $"{file} already exists; name another file, or use --replace." : null;
    }

    private static void Write(string file, string text)
    {
        try
        {
            PrivateFile.Write(file, Encoding.UTF8.GetBytes(text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SequenceException(
                ExitCodes.Failed,
                $"the backup cannot be written: {e.Message}{(File.Exists(file) ? " The existing one is unchanged." : "")}",
                e
            );
        }
    }

    private static string AsText(MadeBackup made, string file)
    {
        var (content, label) = (made.Content, made.Label);
        var (key, token) = (made.KeyId, label.TokenId);
        var members = content.Members.ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            The backup of cluster {label.Cluster} is in {file}.
              nodes      {string.Join(", ", members.Select(n => $"{n.Name} ({n.Number})"))}
              settings   version {content.InForce.Number}{(
                content.Settings.Length > 1 ? $", and {content.Settings.Length - 1} earlier ones" : ""
            )}
              secrets    {content.Secrets.Length} of the cluster, {content.Own.Length} keys and passwords of {label.Node} itself
              CA         the root CA with its key, encrypted with the master token; epoch {content.Cluster.Epoch}
            It is encrypted with the encryption key {key}; a restore also needs the master token {token}. Neither is in the file.
            Do not store it on any of these nodes, nor together with key and token. Make a new backup when nodes are added or
            removed, and after 'gatehouse promote' and 'gatehouse ca rotate'. It contains no mail, queues or quarantines.
            """
        );
    }

    private static JsonObject AsJson(MadeBackup made, string file) =>
        new()
        {
            ["file"] = file,
            ["cluster"] = made.Label.Cluster,
            ["id"] = made.Label.ClusterId,
            ["made"] = made.Label.Made.ToString("O"),
            ["encryption_key"] = made.KeyId,
            ["master_token"] = made.Label.TokenId,
            ["epoch"] = made.Content.Cluster.Epoch,
            ["settings"] = made.Content.InForce.Number,
            ["secrets"] = made.Content.Secrets.Length,
            ["nodes"] = new JsonArray([
                .. made.Content.Members.Select(n =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["number"] = n.Number,
                            ["name"] = n.Name,
                            ["profile"] = n.Profile,
                        }
                ),
            ]),
            ["warnings"] = new JsonArray([.. made.Warnings.Select(w => (JsonNode)w)]),
        };
}
