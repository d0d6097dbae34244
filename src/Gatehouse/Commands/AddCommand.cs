using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Leaving;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Pushing;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse add</c></summary>
internal static class AddCommand
{
    private static readonly Argument<string[]> Hosts = new("HOST")
    {
        Description = "The hosts to add, as HOST or USER@HOST like ssh; the login must be root's.",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> ProfileOption = new("--profile")
    {
        Description = "The profile of the new nodes.",
        HelpName = "PROFILE",
        Required = true,
    };
    private static readonly Option<string?> Name = new("--name")
    {
        Description = "The new fully qualified name of the host; only with a single host.",
        HelpName = "NAME",
    };
    private static readonly Option<string> Location = new("--location")
    {
        Description = "Where the hosts are, in a few words.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };
    private static readonly Option<int> Jobs = new("--jobs")
    {
        Description = "How many hosts to set up at the same time.",
        HelpName = "N",
        DefaultValueFactory = _ => 20,
    };
    private static readonly Option<string?> Package = new("--package")
    {
        Description = "The Debian package of this release, for hosts that lack it; without it, Gatehouse looks in apt's cache.",
        HelpName = "FILE",
    };
    private static readonly Option<string[]> HostKey = new("--host-key")
    {
        Description = "Trust an unknown host whose key has this fingerprint; may be given several times.",
        HelpName = "SHA256:...",
    };
    private static readonly Option<string?> KnownHosts = new("--known-hosts")
    {
        Description = "Read known host keys from FILE instead of ssh's own files.",
        HelpName = "FILE",
    };
    private static readonly Option<bool> Replace = new("--replace")
    {
        Description = "Withdraw codes for these names that are still valid.",
    };

    public static Command Create()
    {
        var command = new Command(
            "add",
            """
            Adds hosts to the cluster over SSH, several at the same time: copies the release where it is missing, creates
            a join code for each host and runs the join there. You must confirm a host key that is not known.
            --yes allows the existing set-up of the hosts to be replaced; it never confirms a host key.

            Example: gatehouse add root@192.0.2.12 root@192.0.2.13 --profile node
            """
        )
        {
            Hosts,
            ProfileOption,
            Name,
            Location,
            Jobs,
            Package,
            HostKey,
            KnownHosts,
            Replace,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private const string Joined = "joined";

    private sealed record Result(string Host, string State, string Text)
    {
        public bool IsWell => State == Joined;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var targets = Targets(parse);
        var given = Fingerprints(parse);
        if (parse.GetValue(Jobs) is < 1 or > 64)
            throw new SequenceException(ExitCodes.BadInput, "--jobs must be 1 to 64.");
        if (parse.GetValue(KnownHosts) is { } file && !File.Exists(file))
            throw new SequenceException(ExitCodes.BadInput, $"there is no file {file}.");

        await using var registry = RegistryAccess.Open(me);
        var order = await OrderAsync(parse, me, registry, ct);
        foreach (
            var warning in PlacementRules.Warnings(
                order.View.Members.Select(n => (n.Profile, n.Location)).Concat(targets.Select(_ => (order.Profile, order.Location)))
            )
        )
            Console.Error.WriteLine($"note: {warning}");

        var directory = Directory.CreateTempSubdirectory("gatehouse-ssh-").FullName;
        try
        {
            var desk = new HostKeyDesk(directory, parse.GetValue(KnownHosts), given, Console.IsInputRedirected ? null : Ask);
            var results = await PushAsync(parse, order, targets, desk, ct);
            Write(parse, results);
            return ct.IsCancellationRequested ? ExitCodes.Cancelled
                : results.All(r => r.IsWell) ? ExitCodes.Done
                : ExitCodes.Failed;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<ImmutableArray<Result>> PushAsync(
        ParseResult parse,
        PushOrder order,
        ImmutableArray<PushTarget> targets,
        HostKeyDesk desk,
        CancellationToken ct
    )
    {
        using var room = new SemaphoreSlim(parse.GetValue(Jobs));
        // First the keys of all hosts, and what is to be confirmed, one after the other; then nobody is asked any more.
        var looks = await Task.WhenAll(targets.Select(t => InRoomAsync(room, () => LookAsync(desk, t, ct), ct)));
        var ways = looks.Select(l => Admit(desk, l)).ToArray();

        ImmutableArray<string> names = [.. targets.Select(t => t.Host)];
        PushBoard board = GlobalOptions.IsFancy(parse) ? new TableBoard(names) : new LinesBoard(names);
        var work = Task.WhenAll(targets.Select((t, i) => PushAsync(order, t, ways[i], i, board, room, ct)));
        await board.ShowAsync(work);
        return [.. await work];
    }

    private static async Task<(PushTarget Target, SshRoute? Route, HostKeyVerdict? Verdict, string Problem)> LookAsync(
        HostKeyDesk desk,
        PushTarget target,
        CancellationToken ct
    )
    {
        try
        {
            var (route, verdict) = await desk.LookAsync(target, ct);
            return (target, route, verdict, "");
        }
        catch (MachineException e)
        {
            return (target, null, null, e.Message);
        }
    }

    private static (SshClient? Way, string Problem) Admit(
        HostKeyDesk desk,
        (PushTarget Target, SshRoute? Route, HostKeyVerdict? Verdict, string Problem) look
    )
    {
        try
        {
            return look.Verdict is null ? (null, look.Problem) : (desk.Admit(look.Target, look.Route!, look.Verdict), "");
        }
        catch (SshException e)
        {
            return (null, e.Message);
        }
    }

    private static async Task<Result> PushAsync(
        PushOrder order,
        PushTarget target,
        (SshClient? Way, string Problem) way,
        int place,
        PushBoard board,
        SemaphoreSlim room,
        CancellationToken ct
    )
    {
        var result = new Result(target.Host, "failed", way.Problem);
        if (way.Way is { } ssh)
        {
            await using (ssh)
            {
                try
                {
                    result = result with
                    {
                        State = Joined,
                        Text = await InRoomAsync(
                            room,
                            () => new HostPush(order, target, ssh, text => board.Tell(place, text)).RunAsync(ct),
                            ct
                        ),
                    };
                }
                catch (OperationCanceledException)
                {
                    result = result with { State = "cancelled", Text = "" };
                }
                catch (Exception e) when (e is SequenceException or MachineException or RegistryException or AgentException or IOException)
                {
                    result = result with { Text = e.Message };
                }
            }
        }

        board.End(place, result.State, result.Text);
        return result;
    }

    private static async Task<T> InRoomAsync<T>(SemaphoreSlim room, Func<Task<T>> work, CancellationToken ct)
    {
        await room.WaitAsync(ct);
        try
        {
            return await work();
        }
        finally
        {
            room.Release();
        }
    }

    private static ImmutableArray<PushTarget> Targets(ParseResult parse)
    {
        ImmutableArray<PushTarget> targets = [.. parse.GetValue(Hosts)!.Select(PushTarget.Read)];
        if (targets.GroupBy(t => t.Host, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new SequenceException(ExitCodes.BadInput, $"{twice.Key} is given twice.");
        if (parse.GetValue(Name) is not null && targets.Length > 1)
            throw new SequenceException(
                ExitCodes.BadInput,
                "--name is for a single host; add the hosts one by one, or set their host names first."
            );
        return targets;
    }

    private static ImmutableArray<string> Fingerprints(ParseResult parse) =>
        [
            .. (parse.GetValue(HostKey) ?? []).Select(k =>
                SshHostKey.ReadFingerprint(k)
                ?? throw new SequenceException(
                    ExitCodes.BadInput,
                    $"'{k}' is not the fingerprint of a host key; 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' on the "
                        + "host prints it: SHA256 and 43 characters."
                )
            ),
        ];

    private static async Task<PushOrder> OrderAsync(ParseResult parse, LocalNode me, ClusterRegistry registry, CancellationToken ct)
    {
        var profile = Invitation.JoinableProfile(parse.GetValue(ProfileOption)!);
        var name = "";
        if (parse.GetValue(Name) is { } text && !Names.TryParse(text, 2, out name))
            throw new SequenceException(
                ExitCodes.BadInput,
                $"'{text}' is not a fully qualified host name; write one such as mx2.example.org."
            );
        var view = await registry.ViewAsync(ct);
        Invitation.RequireMaker(view, me.Number);
        return new PushOrder
        {
            Registry = registry,
            View = view,
            Remove = (node, end) =>
                RemoveSequence.RunAsync(GlobalOptions.Machine(parse), me, view, node, "its join was interrupted", TimeProvider.System, end),
            Codes = new PushedCodes(GlobalOptions.Machine(parse).Real(PushedCodes.Directory)),
            Profile = profile,
            Name = name,
            Location = parse.GetValue(Location)!,
            Package = await PushPackage.FindAsync(parse.GetValue(Package), GlobalOptions.Machine(parse), ct),
            Replaces = parse.GetValue(Replace),
            Consents = parse.GetValue(GlobalOptions.Yes),
            LogLevel = parse.GetValue(GlobalOptions.LogLevel)!,
        };
    }

    private static bool Ask(string question)
    {
        Console.Error.Write(question);
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static void Write(ParseResult parse, ImmutableArray<Result> results)
    {
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["hosts"] = new JsonArray([
                            .. results.Select(r =>
                                (JsonNode)
                                    new JsonObject
                                    {
                                        ["host"] = r.Host,
                                        ["state"] = r.State,
                                        ["message"] = r.Text,
                                    }
                            ),
                        ]),
                    }
                )
            );
            return;
        }

        foreach (var result in results)
            Console.Out.WriteLine(
                $"{result.Host}: {result.State}{(result.Text.Length > 0 ? $": {result.Text.ReplaceLineEndings("\n    ")}" : "")}"
            );
        if (results.Length > 1)
            Console.Out.WriteLine($"{results.Count(r => r.IsWell)} of {results.Length} hosts joined.");
    }
}
