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
    private static readonly Argument<string> FileArgument = new("FILE")
    {
        Description = "Where the backup is written, readable by you alone.",
    };
    private static readonly Option<bool> Replace = new("--replace") { Description = "Replace a backup that is there." };

    private static readonly Option<string?> PassphraseFile = Passphrase.File();
    private static readonly Option<bool> WithQuarantine = new("--with-quarantine")
    {
        Description = "On a gateway without a cluster: the quarantined messages as well.",
    };

    public static Command Create()
    {
        var command = new Command(
            "backup",
            """
            Writes what it takes to set up this gateway again on a fresh host: answers and the files that they name, keys, certificates,
            generated secrets and templates of the site, sealed with a passphrase. On a member of a cluster it writes what it takes to
            start the cluster again after all of it was lost, sealed with the cluster's encryption key, and asks nothing.
            Mail in the queue, logs, statistics and what the scanner learned are not in it.

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
                "--with-quarantine and --passphrase-file are for a gateway without a cluster; a cluster's backup is sealed with its "
                    + "encryption key."
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
            return $"there is no directory {Path.GetDirectoryName(file)} for the backup.";
        return File.Exists(file) && !replace ? $"{file} exists already; name another file, or give --replace." : null;
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
                $"the backup cannot be written: {e.Message}{(File.Exists(file) ? " The one that is there was left as it is." : "")}",
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
            The backup of the cluster {label.Cluster} is in {file}.
              nodes      {string.Join(", ", members.Select(n => $"{n.Name} ({n.Number})"))}
              settings   version {content.InForce.Number}{(
                content.Settings.Length > 1 ? $", and {content.Settings.Length - 1} others of its history" : ""
            )}
              secrets    {content.Secrets.Length} of the cluster, {content.Own.Length} keys and passwords of {label.Node} itself
              CA         its root with the key that the master token opens, epoch {content.Cluster.Epoch}
            It opens with the encryption key {key}, and restoring takes the master token {token} as well. Neither is in the file.
            Keep it on none of these nodes, and apart from key and token. Make a new one when nodes came or went, and after
            'gatehouse promote' and 'gatehouse ca rotate'. Mail, queues and quarantines are not in it.
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
