using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Founding;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Machines.Probes;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse bootstrap</c></summary>
internal static class BootstrapCommand
{
    private static readonly Argument<string> File = new("FILE")
    {
        Description = "The answer file of the first node, profile backend, database or full.",
    };
    private static readonly Option<string> Name = new("--name")
    {
        Description = "The name of the cluster, 1 to 40 letters, digits or hyphens.",
        HelpName = "NAME",
        Required = true,
    };
    private static readonly Option<string?> Keys = new("--keys-file")
    {
        Description = "Write the master token and the encryption key to FILE, which only you can read, instead of showing them.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command(
            "bootstrap",
            "Creates a cluster with this host as its first node: creates the cluster's CA, sets up the host with "
                + "the\nregistry's database, and shows the cluster master token once.\n\nExample: gatehouse bootstrap "
                + "answers.yaml --name example"
        )
        {
            File,
            Name,
            Keys,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var (name, keys) = (parse.GetValue(Name)!, parse.GetValue(Keys));
        if (name.Length is 0 or > 40 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw new SequenceException(
                ExitCodes.BadInput,
                $"'{name}' is not a valid cluster name; use 1 to 40 letters, digits or hyphens."
            );
        if (keys is null && Console.IsOutputRedirected)
            throw new SequenceException(
                ExitCodes.BadInput,
                "the master token is shown only once, and the output is not a terminal. Run this on a terminal, or name a "
                    + "file for it with --keys-file."
            );
        if (keys is not null && (System.IO.File.Exists(keys) || Directory.Exists(keys)))
            throw new SequenceException(ExitCodes.BadInput, $"{keys} already exists; name another file for the keys.");
        if (keys is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(keys))))
            throw new SequenceException(
                ExitCodes.BadInput,
                $"the directory {Path.GetDirectoryName(Path.GetFullPath(keys))} for the keys does not exist."
            );
        if (AnswersInput.Resolve(parse, parse.GetValue(File)!) is not ({ } pipeline, { } settings))
            return ExitCodes.BadInput;

        var sequence = new BootstrapSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse));
        var (refusal, warnings) = sequence.Judge(settings, pipeline.Facts);
        // Further nodes that the answers name already: nothing runs there yet, and a refusal is an answer too.
        var further = settings.Cluster.Peers.Select(p => new Neighbour(p.Name, p.Address, MemberTls.Port, p.Profile.Name)).ToArray();
        var links = further.Length == 0 ? [] : await LinkProbe.MeasureAsync(further, ct);
        warnings = [.. warnings, .. LinkRules.Warnings(settings.System.Profile.Name, links)];
        foreach (var warning in warnings)
            Console.Error.WriteLine($"warning: {warning}");
        if (refusal is not null)
            throw new SequenceException(ExitCodes.Refused, refusal);
        if (SessionGuard.Judge(settings, pipeline.Facts.Session) is { } cutOff)
            throw new SequenceException(ExitCodes.Refused, cutOff);

        var made = await sequence.RunAsync(name, pipeline.Answers!, settings, ct);
        if (keys is not null)
            PrivateFile.Write(
                Path.GetFullPath(keys),
                System.Text.Encoding.UTF8.GetBytes(
                    $"# Cluster {name} ({made.ClusterId})\n{Words(made.MasterToken.Text, made.EncryptionKey.Text)}\n"
                )
            );
        Console.Out.WriteLine($"Cluster {name} is running; {settings.System.Name} is its first node.");
        Console.Out.WriteLine($"CA fingerprint (SHA-256): {made.Fingerprint}");
        Console.Out.WriteLine();
        Console.Out.WriteLine(
            keys is not null
                ? $"The master token and the encryption key are in {Path.GetFullPath(keys)}."
                : Words(made.MasterToken.Text, made.EncryptionKey.Text)
        );
        Console.Out.WriteLine(
            """
            Store both in a safe place that is not on this host. With the master token, anyone can make another node
            the issuer; without it, nobody can. It is not shown again. The encryption key decrypts backups.
            """
        );
        Console.Out.WriteLine($"To let a host join: gatehouse invite NAME --profile PROFILE");
        await sequence.ForgetTokenAsync(CancellationToken.None);
        var outside = await OutsideReport.LookAsync(
            GlobalOptions.Machine(parse),
            pipeline.Facts,
            settings,
            GlobalOptions.LooksAtNetwork(parse),
            ct
        );
        foreach (var line in outside.TaskLines().Concat(outside.WarningLines()))
            Console.Out.WriteLine(line);
        return ExitCodes.Done;
    }

    private static string Words(Secret token, Secret key) => $"Master token:   {token.Reveal()}\nEncryption key: {key.Reveal()}";
}
