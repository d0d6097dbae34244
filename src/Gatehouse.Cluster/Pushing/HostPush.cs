using System.Globalization;
using System.Text;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;
using CommandResult = Gatehouse.Machines.CommandResult;

namespace Gatehouse.Cluster.Pushing;

/// <summary>What all hosts of a push have in common.</summary>
internal sealed record PushOrder
{
    /// <summary>The registry, for join codes.</summary>
    public required ClusterRegistry Registry { get; init; }

    /// <summary>The cluster.</summary>
    public required ClusterView View { get; init; }

    /// <summary>The codes that pushes from this member are under way with.</summary>
    public required PushedCodes Codes { get; init; }

    /// <summary>Has the issuer remove a node that never became one.</summary>
    public required Func<ClusterNode, CancellationToken, Task> Remove { get; init; }

    /// <summary>The profile that the hosts get.</summary>
    public required string Profile { get; init; }

    /// <summary>The name of the host, where there is one host and it is to have another name than it has; else empty.</summary>
    public required string Name { get; init; }

    /// <summary>Where they stand; empty when nobody said.</summary>
    public required string Location { get; init; }

    /// <summary>The package of this release; null when there is none here.</summary>
    public required string? Package { get; init; }

    /// <summary>Whether codes for their names that are still good are withdrawn.</summary>
    public required bool Replaces { get; init; }

    /// <summary>Whether what is set up on the hosts may be replaced.</summary>
    public required bool Consents { get; init; }

    /// <summary>How much a host tells of the join.</summary>
    public required string LogLevel { get; init; }
}

/// <summary>Brings one host into the cluster over SSH: check it, install the release, make a join code, have it join.</summary>
/// <param name="order">What all hosts have in common.</param>
/// <param name="target">The host.</param>
/// <param name="ssh">The way to it.</param>
/// <param name="tell">Is told how it goes.</param>
internal sealed class HostPush(PushOrder order, PushTarget target, SshClient ssh, Action<string> tell)
{
    // An install and a join take minutes; a code that is left over does not live long.
    private static readonly TimeSpan CodeLife = TimeSpan.FromHours(1);

    /// <summary>Runs it.</summary>
    /// <returns>The name that it joined with.</returns>
    /// <exception cref="SequenceException">It failed; the message says what and where.</exception>
    /// <exception cref="MachineException">The host could not be reached or a step failed.</exception>
    public async Task<string> RunAsync(CancellationToken ct)
    {
        tell("looking at the host");
        var remote = RemoteHost.Read((await ssh.RunAsync(RemoteHost.Script(order.View.Cluster.Id), ct: ct)).Output);
        if (remote.Problem() is { } problem)
            throw new SequenceException(ExitCodes.Refused, problem);
        var name = NameOf(remote);
        var there = order.View.Member(name);
        var isThere = there is not null && there.Address.ToString() == remote.Address;
        if (isThere && there!.State == NodeState.Active && remote is { IsMember: true, IsInterrupted: false })
        {
            tell($"it is node {there.Number} of the cluster already");
            return name;
        }

        if (there is { State: not NodeState.Joining })
            throw new SequenceException(
                ExitCodes.Refused,
                $"{name} is node {there.Number} of the cluster already. If that host is gone, 'gatehouse node remove {name}' frees the "
                    + $"name."
            );
        if (remote.Release != Release.Version)
            await InstallAsync(remote, ct);
        if (there is not null && remote.IsInterrupted)
        {
            tell("going on with the join that was interrupted");
            Expect(await ssh.RunAsync(Script(name, remote, null), new MemoryStream(), tell, holdsInput: true, ct));
        }
        else
        {
            if (isThere)
                await ClearAsync(there!, ct);
            await JoinAsync(name, remote, ct);
        }

        return name;
    }

    // It was cut off after the issuer had let it in, and before it heard of that: with another code nobody can go on with it.
    private async Task ClearAsync(ClusterNode joining, CancellationToken ct)
    {
        tell($"a join was cut off there; removing node {joining.Number}, which never became one");
        await order.Remove(joining, ct);
    }

    private string NameOf(RemoteHost remote)
    {
        var name =
            order.Name.Length > 0 ? order.Name
            : Names.TryParse(remote.Name, 2, out var own) ? own
            : target.FullName;
        return name.Length > 0
            ? name
            : throw new SequenceException(
                ExitCodes.BadInput,
                $"the host calls itself '{remote.Name}', which is no fully qualified name. Set its name there, or push to it alone with "
                    + $"--name NAME."
            );
    }

    private async Task InstallAsync(RemoteHost remote, CancellationToken ct)
    {
        var has = remote.Release.Length > 0 ? $"it has release {remote.Release}" : "Gatehouse is not installed there";
        if (order.Package is not { } package)
            throw new SequenceException(
                ExitCodes.Refused,
                $"{has}, and the package of {Release.Version} is not on this member. Name it with --package FILE, or install it there."
            );
        tell($"{has}; copying {Path.GetFileName(package)}");
        // Readable for the user that apt fetches as, so not in a private directory.
        var made = await ssh.RunAsync("umask 022; d=$(mktemp -d /var/tmp/gatehouse.XXXXXX) && chmod 755 \"$d\" && echo \"$d\"", ct: ct);
        var directory = made.Output.Trim();
        if (!made.Succeeded || !directory.StartsWith("/var/tmp/gatehouse.", StringComparison.Ordinal))
            throw new MachineException($"there is no room for the package{MachineException.Tail(made.All)}");
        var path = $"{directory}/{Path.GetFileName(package)}";
        try
        {
            var (size, last) = (new FileInfo(package).Length, -1L);
            await ssh.CopyAsync(
                package,
                path,
                bytes =>
                {
                    var tenth = bytes * 10 / size;
                    if (tenth > last && tenth is > 0 and < 10)
                        tell(string.Create(CultureInfo.InvariantCulture, $"copying the package: {tenth * 10} %"));
                    last = Math.Max(last, tenth);
                },
                ct
            );
            tell("installing the package");
            var install =
                $"DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o DPkg::Lock::Timeout=300 {SshClient.Quote(path)} </dev/null";
            var result = await ssh.RunAsync(
                $"{install} || {{ apt-get update -q </dev/null && {install}; }}",
                onLine: TellOfPackages,
                ct: ct
            );
            if (!result.Succeeded)
                throw new MachineException($"the package could not be installed{MachineException.Tail(PlainText(result.All))}");
        }
        finally
        {
            await ssh.RunAsync($"rm -rf {SshClient.Quote(directory)}", ct: CancellationToken.None);
        }

        var now = (await ssh.RunAsync("/usr/bin/gatehouse --version", ct: ct)).Output.Trim();
        if (now != Release.Version)
            throw new MachineException($"after installing the package it has release '{PlainLine.Of(now)}' instead of {Release.Version}.");
    }

    // dpkg counts up to a hundred.
    private void TellOfPackages(string line)
    {
        if (line.Length > 0 && !line.StartsWith("(Reading database", StringComparison.Ordinal))
            tell(line);
    }

    private async Task JoinAsync(string name, RemoteHost remote, CancellationToken ct)
    {
        tell($"making a join code for {name}");
        // A push that was cut off could not withdraw its own.
        if (order.Codes.Left(name) is { } left)
            await order.Registry.WithdrawCodeAsync(left, "the push that made it was cut off", ct);
        var made = await Invitation.MakeAsync(
            order.Registry,
            order.View,
            name,
            order.Profile,
            TimeProvider.System.GetUtcNow() + CodeLife,
            order.Replaces,
            ct,
            code => order.Codes.Keep(name, code.Number)
        );
        CommandResult? result = null;
        var isWithdrawn = false;
        try
        {
            var bundle = Encoding.UTF8.GetBytes(made.Bundle(order.View, Release.Version).Write().Reveal());
            tell("joining");
            result = await ssh.RunAsync(Script(name, remote, bundle.Length), new MemoryStream(bundle), tell, holdsInput: true, ct);
        }
        finally
        {
            if (result is not { Succeeded: true })
                isWithdrawn = await WithdrawAsync(made);
            if (isWithdrawn || result is { Succeeded: true })
                order.Codes.Forget(name);
        }

        Expect(
            result,
            isWithdrawn
                ? "Its code was withdrawn."
                : "Its code was used already: run the same command again; it continues where it stopped."
        );
    }

    // Without the code nobody can use what may have been left behind. Should the registry be away, the code ends by itself.
    private async Task<bool> WithdrawAsync(Invitation made)
    {
        try
        {
            return await order.Registry.WithdrawCodeAsync(made.Number, $"the push to {target.Host} failed", CancellationToken.None);
        }
        catch (RegistryException e)
        {
            tell($"the code could not be withdrawn; it ends at {made.Expires.ToLocalTime():HH:mm}: {e.Message}");
            return false;
        }
    }

    /// <summary>
    /// What runs there: the bundle comes in on standard input, into a file in memory that root alone can read and that goes with
    /// the script. Input that ends early means that nobody waits any more: the join is told to put everything back.
    /// </summary>
    private string Script(string name, RemoteHost remote, int? bundle)
    {
        var arguments = new List<string> { "--plain", "--log-level", order.LogLevel };
        if (order.Consents)
            arguments.Add("--yes");
        if (bundle is not null)
        {
            arguments.AddRange(["--name", name]);
            if (remote.Address.Length > 0)
                arguments.AddRange(["--address", remote.Address]);
            if (order.Location.Length > 0)
                arguments.AddRange(["--location", order.Location]);
        }

        var file = bundle is null
            ? "f="
            : string.Create(
                CultureInfo.InvariantCulture,
                $"f=$(mktemp /run/gatehouse-bundle.XXXXXX) && head -c {bundle} >\"$f\" || exit 1"
            );
        return $$"""
            umask 077
            p= f=
            trap '[ -z "$f" ] || rm -f "$f"' EXIT
            trap '[ -z "$p" ] || { kill -TERM "$p"; wait "$p"; }; exit 143' HUP INT TERM
            {{file}}
            umask 022
            exec 3<&0
            /usr/bin/gatehouse join ${f:+--bundle "$f"} {{string.Join(' ', arguments.Select(SshClient.Quote))}} </dev/null 3<&- &
            p=$!
            { cat <&3; kill -TERM "$p"; } >/dev/null 2>&1 &
            w=$!
            wait "$p"
            c=$?
            kill "$w" 2>/dev/null
            exit "$c"
            """;
    }

    private static void Expect(CommandResult result, string end = "Run the same command again; it continues where it stopped.")
    {
        if (result.Succeeded)
            return;
        if (result.ExitCode == ExitCodes.Cancelled)
            throw new OperationCanceledException();
        const string ours = "gatehouse: ";
        var lines = PlainText(result.All).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var said = Array.FindLastIndex(lines, l => l.StartsWith(ours, StringComparison.Ordinal));
        var why =
            said < 0
                ? $"'gatehouse join' ended with {result.ExitCode} there{MachineException.Tail(string.Join('\n', lines))}"
                : string.Join('\n', lines[said..])[ours.Length..];
        var errors = lines.Where(l => l.StartsWith("error: ", StringComparison.Ordinal)).Select(l => l + "\n");
        throw new SequenceException(result.ExitCode, $"{string.Concat(errors)}{why}\n{end}");
    }

    private static string PlainText(string text) => string.Join('\n', text.Split('\n').Select(PlainLine.Of));
}
