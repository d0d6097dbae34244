using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Backup;
using Gatehouse.Cluster.Founding;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters.Joining;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse restore</c></summary>
internal static class RestoreCommand
{
    private static readonly Argument<string> FileArgument = new("FILE") { Description = "The backup file." };
    private static readonly Option<string?> Keys = KeysInput.File();
    private static readonly Option<string?> Name = new("--name")
    {
        Description = "The node of the backup that this host replaces, if the host now has a different name.",
        HelpName = "NAME",
    };
    private static readonly Option<string?> Address = new("--address")
    {
        Description = "The address at which the other nodes reach this host.",
        HelpName = "ADDRESS",
    };
    private static readonly Option<string?> Location = new("--location")
    {
        Description = "Where the host is, in a few words, if that has changed.",
        HelpName = "TEXT",
    };
    private static readonly Option<bool> Force = new("--force")
    {
        Description = "Restore even if members that can hold the registry answer.",
    };
    private static readonly Option<bool> Check = new("--check")
    {
        Description = "Only check whether a restore would succeed, and show what is in the backup; change nothing.",
    };

    private static readonly Option<string?> PassphraseFile = Passphrase.File();

    public static Command Create()
    {
        var command = new Command(
            "restore",
            """
            Restores a gateway from a backup: copies its files to this host and applies its answers. From the backup of a cluster, with
            the encryption key and the master token, it rebuilds a cluster after a total loss: same identity, root CA, settings and
            secrets, with a new issuing CA. The other nodes must join again; all earlier certificates are revoked.
            If it is interrupted, run it again to continue. It rejects a backup that was altered in any way.

            Example: gatehouse restore mx1.backup --check
            """
        )
        {
            FileArgument,
            Keys,
            PassphraseFile,
            Name,
            Address,
            Location,
            Force,
            Check,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        if (GatewayBackupRun.IsOne(parse.GetValue(FileArgument)!))
        {
            if (
                parse.GetValue(Keys) is not null
                || parse.GetValue(Name) is not null
                || parse.GetValue(Address) is not null
                || parse.GetValue(Location) is not null
            )
                throw new SequenceException(
                    ExitCodes.BadInput,
                    "this is the backup of a gateway without a cluster; --keys-file, --name, --address and --location apply "
                        + "only to a cluster's backup."
                );
            return await GatewayBackupRun.RestoreAsync(
                parse,
                machine,
                parse.GetValue(FileArgument)!,
                parse.GetValue(PassphraseFile),
                parse.GetValue(Check),
                ct
            );
        }

        var facts = FactProbe.Gather(TimeProvider.System);
        var log = new ConsoleLog(parse);
        var sequence = new RestoreSequence(machine, TimeProvider.System, log);
        // Bad input first and all of it; a host that will not do is told with it.
        var problems = new List<string>();
        var (opened, keys) = Open(parse, problems);
        var wish = new RestoreWish(parse.GetValue(Name), parse.GetValue(Address), parse.GetValue(Location));
        var host = opened is null ? null : RestoreRules.Host(opened.Content, wish, facts.HostName, facts.Addresses, problems);
        var refusals = await RefusalsAsync(machine, facts, sequence, opened, parse.GetValue(Force), log, ct);
        if (problems.Count + refusals.Count > 0)
            throw new SequenceException(
                problems.Count > 0 ? ExitCodes.BadInput : ExitCodes.Refused,
                string.Join('\n', [.. problems, .. refusals, "Nothing was changed."])
            );

        if (parse.GetValue(Check))
        {
            Console.Out.WriteLine(
                $"{About(opened!)}\nIt can be restored here, as {host!.Former.Node.Name} at {host.Address}. Nothing was changed."
            );
            return ExitCodes.Done;
        }

        log.Note(About(opened!));
        // Who was asked before an interruption has answered.
        if (!sequence.IsUnfinished)
            Consent.Replacing(
                parse,
                $"Restoring {opened!.Label.Cluster}",
                [.. HostRules.Replaced(HostStateProbe.Look(machine, facts, MemberTls.Port), host!.Former.Node.Profile)]
            );
        var restored = await sequence.RunAsync(opened!, host!, keys.Token!, keys.Key!, ct);
        Console.Out.WriteLine(parse.GetValue(GlobalOptions.Json) ? Json.Text(AsJson(restored)) : AsText(opened!, restored));
        return ExitCodes.Done;
    }

    private static (OpenedBackup? Opened, GivenKeys Keys) Open(ParseResult parse, List<string> problems)
    {
        var name = parse.GetValue(FileArgument)!;
        var file = ReadFile(name, problems);
        // Whoever sits at a terminal is not asked for secrets in vain.
        if (file is null && parse.GetValue(Keys) is null && !Console.IsInputRedirected)
            return (null, new GivenKeys(null, null, []));
        var keys = KeysInput.Read(parse.GetValue(Keys));
        problems.AddRange(keys.Problems);
        if (file is null)
            return (null, keys);

        if (keys.Token is { } token && file.Label.TokenId != token.Id)
            problems.Add(
                $"{name} belongs to a cluster with the master token {file.Label.TokenId}, not {token.Id}; give the token "
                    + $"that was shown when cluster {file.Label.Cluster} was created."
            );
        if (keys.Key is not { } key)
            return (null, keys);
        if (!file.TryOpen(key, out var bytes, out var problem) || !ClusterBackup.TryRead(bytes, out var content, out problem))
        {
            problems.Add($"{name} {problem}.");
            return (null, keys);
        }

        if (keys.Token is { } right && right.Id == file.Label.TokenId)
            problems.AddRange(RestoreRules.Content(content, right, key));
        return (new OpenedBackup(file.Label, content, Convert.ToHexStringLower(SHA256.HashData(bytes))), keys);
    }

    private static BackupFile? ReadFile(string name, List<string> problems)
    {
        try
        {
            var bytes = NamedFile.Read(name, BackupFile.MostBytes);
            if (bytes.Length > BackupFile.MostBytes)
                problems.Add($"{name} is not the backup of a cluster: it is too large.");
            else if (BackupFile.TryRead(bytes, Release.Version, out var file, out var problem))
                return file;
            else
                problems.Add($"{name} {problem}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"the backup cannot be read: {e.Message}");
        }

        return null;
    }

    private static async Task<List<string>> RefusalsAsync(
        LocalMachine machine,
        Facts facts,
        RestoreSequence sequence,
        OpenedBackup? opened,
        bool force,
        ConsoleLog log,
        CancellationToken ct
    )
    {
        var refusals = new List<string>();
        if (!machine.IsLive)
            refusals.Add("a cluster cannot be restored in a tree; run this on the host itself.");
        if (facts.Debian != "12")
            refusals.Add("Gatehouse sets up Debian 12, and this host runs something else.");
        if (!sequence.IsUnfinished && new ClusterFiles(machine).Node is { IsMember: true } node)
            refusals.Add(
                $"this host is node {node.Number} of cluster {node.ClusterName}. A cluster can only be restored on a host "
                    + "that is not a member of one; 'gatehouse leave' ends the membership here."
            );
        if (opened is null || refusals.Count > 0)
            return refusals;
        if (!sequence.IsUnfinished && await RegistryAsync(ct) is { } there)
            refusals.Add(
                $"the database on this host already contains cluster {there}. If that cluster is lost, drop the database "
                    + "first: su postgres -c 'dropdb gatehouse'."
            );
        log.Note("Checking whether any of its members answers");
        var answering = await RestoreSequence.AnsweringAsync(opened.Content, facts.Addresses, ct);
        if (RestoreRules.Alive(answering, force) is { } alive)
            refusals.Add(alive);
        else if (answering.Length > 0)
            log.Note($"  {string.Join(", ", answering.Select(n => n.Name))}: reachable; must join again");
        return refusals;
    }

    private static async Task<string?> RegistryAsync(CancellationToken ct)
    {
        if (!File.Exists("/var/run/postgresql/.s.PGSQL.5432"))
            return null;
        try
        {
            await using var registry = ClusterRegistry.OpenLocal();
            var cluster = (await registry.ViewAsync(ct)).Cluster;
            return $"{cluster.Name} ({cluster.Id})";
        }
        catch (RegistryException)
        {
            // No database of ours, or none that answers: whatever it is, the sequence will find out.
            return null;
        }
    }

    private static string About(OpenedBackup opened)
    {
        var content = opened.Content;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Backup of cluster {content.Cluster.Name}, made by {opened.Label.Node} on "
                + $"{opened.Label.Made.UtcDateTime:yyyy-MM-dd HH:mm} UTC: {content.Members.Count()} nodes, settings version "
                + $"{content.InForce.Number}, {content.Secrets.Length} secrets, epoch {content.Cluster.Epoch}"
        );
    }

    private static string AsText(OpenedBackup opened, Restored restored)
    {
        var cluster = restored.View.Cluster;
        var lines = new List<string>
        {
            $"Cluster {cluster.Name} has been restored; {restored.Node.Name} is its node {restored.Node.Number} and its "
                + $"issuer, in epoch {cluster.Epoch}.",
            "Master token and encryption key are unchanged. All earlier certificates are revoked: old members that come back are not",
            "admitted anywhere until they have left ('gatehouse leave') and joined again.",
        };
        if (restored.Node.Name != opened.Label.Node && opened.Content.Own.Length > 0)
            lines.Add(
                $"Keys that belonged to {opened.Label.Node} alone, such as DKIM keys, were not restored on this host; new "
                    + "ones were generated where needed."
            );
        if (restored.Lost.Length > 0)
            lines.Add("\nTo let the other nodes join again, each with a new number:\n");
        foreach (var lost in restored.Lost)
            lines.Add($"  gatehouse invite {lost.Node.Name} --profile {lost.Node.Profile}");
        foreach (var lost in restored.Lost.Where(l => l.Answers is not null))
            lines.Add(
                $"\n{lost.Node.Name} had answers of its own: copy {lost.Answers} to it and pass it to 'gatehouse join' with --answers."
            );
        lines.Add("\nNodes that joined after the backup are not known; invite them as well. Then make a new backup.");
        return string.Join('\n', lines);
    }

    private static JsonObject AsJson(Restored restored) =>
        new()
        {
            ["cluster"] = restored.View.Cluster.Name,
            ["id"] = restored.View.Cluster.Id,
            ["epoch"] = restored.View.Cluster.Epoch,
            ["node"] = restored.Node.Name,
            ["number"] = restored.Node.Number,
            ["settings"] = restored.View.WantedSettings,
            ["invite"] = new JsonArray([
                .. restored.Lost.Select(l =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = l.Node.Name,
                            ["profile"] = l.Node.Profile,
                            ["answers"] = l.Answers,
                        }
                ),
            ]),
        };
}
