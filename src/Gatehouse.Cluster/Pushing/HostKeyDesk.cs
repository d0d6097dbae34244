using System.Collections.Immutable;
using System.Text;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Pushing;

/// <summary>Decides which host keys are believed before anything is sent. What somebody confirmed is remembered, so that a change is
/// noticed.</summary>
/// <param name="directory">A directory of our own for this run.</param>
/// <param name="knownHosts">The known_hosts file to use instead of ssh's own; null for those.</param>
/// <param name="given">Fingerprints that were given.</param>
/// <param name="ask">Asks somebody at the terminal; null when nobody is there.</param>
internal sealed class HostKeyDesk(string directory, string? knownHosts, ImmutableArray<string> given, Func<string, bool>? ask)
{
    /// <summary>Keys that were confirmed or given on this member.</summary>
    public const string Confirmed = "/var/lib/gatehouse/cluster/known_hosts";

    /// <summary>Looks at a host from afar; nothing is asked and nothing sent.</summary>
    public async Task<(SshRoute Route, HostKeyVerdict Verdict)> LookAsync(PushTarget target, CancellationToken ct)
    {
        await using var client = new SshClient(target.ToString(), directory, []);
        var route = await client.RouteAsync(ct);
        var known = await SshClient.KnownAsync(route, Files(route), ct);
        if (!known.IsEmpty)
            return (route, HostKeyVerdict.Of(target.Host, known, [], given));
        if (!route.IsDirect)
            return (
                route,
                new HostKeyVerdict(
                    HostKeyState.Refused,
                    [],
                    $"the key of {target.Host} is not known, and cannot be fetched through a jump host. Connect once with 'ssh {target}' "
                        + $"and confirm it there, or give --known-hosts FILE."
                )
            );
        return (route, HostKeyVerdict.Of(target.Host, known, await SshClient.ScanAsync(route, ct), given));
    }

    /// <summary>Makes the way to a host whose key is believed.</summary>
    /// <exception cref="SshException">It is not believed.</exception>
    public SshClient Admit(PushTarget target, SshRoute route, HostKeyVerdict verdict)
    {
        if (verdict.State == HostKeyState.Refused)
            throw new SshException(SshFailure.ChangedKey, verdict.Problem);
        if (verdict.State == HostKeyState.Unknown && (ask is null || !ask(Question(target, verdict))))
            throw new SshException(
                SshFailure.UnknownKey,
                $"the host key of {target.Host} is not known here{(ask is null ? "" : " and was not confirmed")}. It shows "
                    + $"{HostKeyVerdict.List(verdict.Keys)}. Nothing was sent. Compare on its console with 'ssh-keygen -lf "
                    + $"/etc/ssh/ssh_host_ed25519_key.pub', and give it with --host-key."
            );
        if (verdict.State != HostKeyState.Known)
            Remember(route, verdict.Keys[0]);
        return new SshClient(target.ToString(), directory, [.. Files(route)]);
    }

    private IEnumerable<string> Files(SshRoute route) =>
        (knownHosts is null ? route.KnownHosts : [Path.GetFullPath(knownHosts)]).Append(Confirmed);

    private static string Question(PushTarget target, HostKeyVerdict verdict) =>
        $"The host key of {target.Host} is not known here. It "
        + $"shows\n{string.Join('\n', verdict.Keys.Select(k => $"  {k.TypeName, -8} {k.Fingerprint}"))}\nOn its console 'ssh-keygen -lf "
        + $"/etc/ssh/ssh_host_ed25519_key.pub' prints its own. Is it the same? [y/N] ";

    private static void Remember(SshRoute route, SshHostKey key)
    {
        var line = key.Line(route.KnownName);
        var there = File.Exists(Confirmed) ? File.ReadAllText(Confirmed) : "";
        PrivateFile.Write(Confirmed, Encoding.ASCII.GetBytes(there + line));
    }
}
