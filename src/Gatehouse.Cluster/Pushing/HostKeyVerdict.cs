using System.Collections.Immutable;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Pushing;

/// <summary>Whether the key of a host is believed.</summary>
internal enum HostKeyState
{
    /// <summary>It is in a known_hosts file; ssh compares.</summary>
    Known,

    /// <summary>Its fingerprint was given.</summary>
    Vouched,

    /// <summary>Nobody vouches for it: somebody has to look.</summary>
    Unknown,

    /// <summary>It is not to be believed, whatever anybody says now.</summary>
    Refused,
}

/// <summary>What is thought of a host's keys, from what is known, what it shows and what was given.</summary>
/// <param name="State">Whether they are believed.</param>
/// <param name="Keys">The keys that are believed now, or that somebody has to look at: the best first.</param>
/// <param name="Problem">Why it is refused, and what to do.</param>
internal sealed record HostKeyVerdict(HostKeyState State, ImmutableArray<SshHostKey> Keys, string Problem = "")
{
    /// <summary>Judges.</summary>
    /// <param name="host">The host, for messages.</param>
    /// <param name="known">Its keys in known_hosts files.</param>
    /// <param name="shown">What it shows; needed only where nothing is known.</param>
    /// <param name="given">Fingerprints that were given for it.</param>
    public static HostKeyVerdict Of(
        string host,
        ImmutableArray<SshHostKey> known,
        ImmutableArray<SshHostKey> shown,
        ImmutableArray<string> given
    )
    {
        if (!known.IsEmpty)
        {
            // ssh itself refuses a host that shows another key than the known one.
            return given.IsEmpty || known.Any(k => given.Contains(k.Fingerprint))
                ? new(HostKeyState.Known, known)
                : new(
                    HostKeyState.Refused,
                    known,
                    $"the key that is known for {host} ({List(known)}) is not one that was given with --host-key. Compare on its console: "
                        + $"ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\nIf the host was installed anew, forget its old key: "
                        + $"'ssh-keygen -R {host} -f {HostKeyDesk.Confirmed}', and without -f for those that you keep yourself."
                );
        }

        if (shown.IsEmpty)
            return new(HostKeyState.Refused, shown, $"{host} shows no host key: it does not answer, or is no SSH server.");
        if (given.IsEmpty)
            return new(HostKeyState.Unknown, shown);
        ImmutableArray<SshHostKey> vouched = [.. shown.Where(k => given.Contains(k.Fingerprint))];
        return !vouched.IsEmpty
            ? new(HostKeyState.Vouched, vouched)
            : new(
                HostKeyState.Refused,
                shown,
                $"{host} shows the host key {List(shown)}, and none of these was given with --host-key. Either the wrong key was given, "
                    + $"or somebody stands between. Nothing was sent."
            );
    }

    /// <summary>Keys for people: type and fingerprint.</summary>
    public static string List(IEnumerable<SshHostKey> keys) => string.Join(", ", keys.Select(k => $"{k.TypeName} {k.Fingerprint}"));
}
