using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Backup;

/// <summary>The backup of a gateway without a cluster, from the command line: making one, and restoring from one.</summary>
internal static partial class GatewayBackupRun
{
    /// <summary>Makes one.</summary>
    public static async Task<int> MakeAsync(
        ParseResult parse,
        LocalMachine machine,
        string file,
        string? passphraseFile,
        bool withQuarantine,
        CancellationToken ct
    )
    {
        if (await new GenerationStore(machine).CurrentAsync(ct) is not { } current || !File.Exists(machine.Real(AnswersInForce.Path)))
            throw new SequenceException(
                ExitCodes.Refused,
                "nothing has been applied on this host yet, so there is nothing to back up. 'gatehouse setup' sets it up."
            );
        var phrase = Passphrase.New(passphraseFile);
        var label = new GatewayLabel(
            FactProbe.Gather(TimeProvider.System).HostName,
            TimeProvider.System.GetUtcNow(),
            Release.Version,
            current.Number,
            withQuarantine
        );
        var configuration = GatewayFiles.Configuration(machine);
        var quarantine = withQuarantine ? GatewayFiles.Quarantine(machine) : [];
        var fresh = $"{file}.{Environment.ProcessId}.new";
        (int Files, long Bytes) written;
        try
        {
            await using (
                var target = new FileStream(
                    fresh,
                    new FileStreamOptions
                    {
                        Mode = FileMode.Create,
                        Access = FileAccess.Write,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                )
            )
            {
                written = await new GatewayBackup(machine).WriteAsync(target, label, phrase, configuration.Files, quarantine, ct);
                target.Flush(flushToDisk: true);
            }

            // What cannot be opened again is no backup.
            await GatewayBackup.ListAsync(fresh, phrase, ct);
            File.Move(fresh, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SealedFileException)
        {
            throw new SequenceException(ExitCodes.Failed, $"the backup cannot be written: {e.Message}", e);
        }
        finally
        {
            File.Delete(fresh);
        }

        ImmutableArray<string> warnings =
        [
            .. Warnings(machine),
            .. configuration.LeftOut.Select(l => $"not in the backup, though the answers name it: {l}."),
        ];
        foreach (var warning in warnings)
            Console.Error.WriteLine($"warning: {warning}");
        const string kinds = "answers and the files that they name, keys, certificates, secrets, templates";
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["file"] = file,
                        ["name"] = label.Name,
                        ["made"] = label.Made.ToString("O"),
                        ["generation"] = label.Generation,
                        ["files"] = written.Files,
                        ["bytes"] = written.Bytes,
                        ["quarantine"] = withQuarantine,
                        ["warnings"] = new JsonArray([.. warnings.Select(w => (JsonNode)w)]),
                    }
                )
            );
        else
            Console.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""
                    The backup of {label.Name} (generation {label.Generation}) is in {file}.
                      configuration  {configuration.Files.Length} files: {kinds}
                      quarantine     {(
                        withQuarantine
                            ? $"{quarantine.Count(p => p.EndsWith(".msg", StringComparison.Ordinal))} messages"
                            : "not included; --with-quarantine includes it"
                    )}
                    Only the passphrase, which is not in the file, decrypts it. Store both away from this host and apart from each other.
                    It does not contain queued mail, logs, statistics or what the scanner has learned.
                    """
                )
            );
        return ExitCodes.Done;
    }

    /// <summary>Whether a file is the backup of a gateway; a cluster's is something else.</summary>
    public static bool IsOne(string file)
    {
        try
        {
            using var source = File.OpenRead(file);
            var head = new byte[SealedFile.Mark.Length];
            return source.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
                && Encoding.ASCII.GetString(head) == SealedFile.Mark;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Restores one.</summary>
    public static async Task<int> RestoreAsync(
        ParseResult parse,
        LocalMachine machine,
        string file,
        string? passphraseFile,
        bool checkOnly,
        CancellationToken ct
    )
    {
        try
        {
            using var source = File.OpenRead(file);
            var label = SealedFile.ReadLabel(source);
            if (!checkOnly)
                await RefuseAsync(parse, machine, label, ct);
            var phrase = Passphrase.Of(passphraseFile);
            // All of it is opened before anything is changed.
            var entries = await GatewayBackup.ListAsync(file, phrase, ct);
            var about = string.Create(
                CultureInfo.InvariantCulture,
                $"Backup of the gateway {label.Name}, generation {label.Generation}, made on {label.Made.UtcDateTime:yyyy-MM-dd HH:mm} "
                    + $"UTC by release {label.Release}: {entries.Length} files, {entries.Sum(e => e.Bytes)} bytes"
            );
            if (checkOnly)
                return Tell(parse, label, entries, about, await OfThisHostAsync(file, phrase, ct));
            Console.Error.WriteLine(about);
            return await PutAsync(parse, machine, file, phrase, label, ct);
        }
        catch (SealedFileException e)
        {
            throw new SequenceException(ExitCodes.BadInput, $"{file} {e.Message}. Nothing was changed.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SequenceException(ExitCodes.Failed, $"{file} cannot be read: {e.Message}", e);
        }
    }

    private static async Task RefuseAsync(ParseResult parse, LocalMachine machine, GatewayLabel label, CancellationToken ct)
    {
        if (!machine.IsLive)
            throw new SequenceException(
                ExitCodes.Refused,
                "a gateway cannot be restored in a tree; run this on the host itself. Nothing was changed."
            );
        if (new ClusterFiles(machine).Node is { IsMember: true } node)
            throw new SequenceException(
                ExitCodes.Refused,
                $"this host is node {node.Number} of the cluster {node.ClusterName}; run 'gatehouse leave' first. Nothing " + "was changed."
            );
        if (await new GenerationStore(machine).CurrentAsync(ct) is { } current)
            Consent.Replacing(
                parse,
                $"Restoring {label.Name}",
                [
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the gateway that is set up here (generation {current.Number}): its answers, keys and secrets"
                    ),
                ]
            );
    }

    private static int Tell(
        ParseResult parse,
        GatewayLabel label,
        ImmutableArray<BackupEntry> entries,
        string about,
        ImmutableArray<string> warnings
    )
    {
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["name"] = label.Name,
                        ["made"] = label.Made.ToString("O"),
                        ["release"] = label.Release,
                        ["generation"] = label.Generation,
                        ["quarantine"] = label.HasQuarantine,
                        ["files"] = new JsonArray([
                            .. entries.Select(e => (JsonNode)new JsonObject { ["path"] = e.Path, ["bytes"] = e.Bytes }),
                        ]),
                        ["warnings"] = new JsonArray([.. warnings.Select(w => (JsonNode)w)]),
                    }
                )
            );
            return ExitCodes.Done;
        }

        Console.Out.WriteLine($"{about}.");
        foreach (var entry in entries.Where(e => !e.IsQuarantine))
            Console.Out.WriteLine($"  {entry.Path}");
        if (label.HasQuarantine)
            Console.Out.WriteLine($"  and {entries.Count(e => e.Path.EndsWith(".msg", StringComparison.Ordinal))} quarantined messages");
        foreach (var warning in warnings)
            Console.Out.WriteLine($"warning: {warning}");
        Console.Out.WriteLine("The backup is complete and intact. Nothing was changed.");
        return ExitCodes.Done;
    }

    private static async Task<int> PutAsync(
        ParseResult parse,
        LocalMachine machine,
        string file,
        string phrase,
        GatewayLabel label,
        CancellationToken ct
    )
    {
        var backup = new GatewayBackup(machine);
        // Packages bring users; the apply gives the files to them.
        await new PendingOwners(machine).SetAsync(await backup.ExtractAsync(file, phrase, e => !e.IsQuarantine, ct), ct);
        var root = parse.RootCommandResult.Command;
        List<string> words = ["apply", AnswersInForce.Path, "--yes"];
        if (parse.GetValue(GlobalOptions.Plain))
            words.Add("--plain");
        var code = await root.Parse(words)
            .InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(10) },
                ct
            );
        if (code != ExitCodes.Done)
        {
            Console.Error.WriteLine(
                $"gatehouse: the files of {label.Name} are in place, but its answers could not be applied. Correct {AnswersInForce.Path} "
                    + $"for this host (another address?), then run 'gatehouse apply'; run this restore again for the quarantine."
            );
            return code;
        }

        // Only now are the users there that own it.
        if (label.HasQuarantine)
            foreach (var owner in (await backup.ExtractAsync(file, phrase, e => e.IsQuarantine, ct)).DistinctBy(o => (o.User, o.Group)))
                Console.Error.WriteLine(
                    $"warning: {owner.Path} and others should belong to {owner.User}:{owner.Group}, which does not exist on "
                        + "this host; root owns them instead."
                );
        Console.Out.WriteLine(
            $"This host is {label.Name} again, as it was at {label.Made.UtcDateTime:yyyy-MM-dd HH:mm} "
                + $"UTC.{(label.HasQuarantine ? " Its quarantined messages are back." : "")}"
        );
        return ExitCodes.Done;
    }

    // What is known before: the answers may be for another host than this one.
    private static async Task<ImmutableArray<string>> OfThisHostAsync(string file, string phrase, CancellationToken ct) =>
        await GatewayBackup.ReadAsync(file, phrase, AnswersInForce.Path, ct) is { } answers
            ? OfHost(answers, FactProbe.Gather(TimeProvider.System).Addresses)
            : [$"{AnswersInForce.Path} is not in the backup, so there is nothing to apply."];

    /// <summary>What answers say that a host with these addresses is not.</summary>
    internal static ImmutableArray<string> OfHost(byte[] answers, ImmutableArray<IPAddress> addresses) =>
        (YamlReader.Read(AnswersInForce.Path, answers, new Report()) as Mapping)?["system"] is Mapping system
        && system["address"] is Scalar { Text: var text }
        && IPAddress.TryParse(text, out var address)
        && !addresses.Contains(address)
            ?
            [
                $"the gateway's own address, {address} (system.address), is on no interface of this host "
                    + $"({string.Join(", ", addresses)}). Configure that address first, or correct it in {AnswersInForce.Path} "
                    + "when the restore stops at the apply.",
            ]
            : [];

    private static ImmutableArray<string> Warnings(LocalMachine machine)
    {
        var answers = File.ReadAllText(machine.Real(AnswersInForce.Path));
        return Outside().IsMatch(answers)
            ?
            [
                "the answers read a password from the environment or the terminal ({env: ...}, {prompt: true}); it is not "
                    + "in the backup and you must give it again.",
            ]
            : [];
    }

    [GeneratedRegex(@"^[^#\n]*\{\s*(env|prompt)\s*:", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Outside();
}
