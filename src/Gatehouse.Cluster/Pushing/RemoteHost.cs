using Gatehouse.Cluster.Joining;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Pushing;

/// <summary>What a host tells of itself before anything is done to it.</summary>
internal sealed record RemoteHost
{
    /// <summary>Whether the login is root's.</summary>
    public required bool IsRoot { get; init; }

    /// <summary>Distribution and version, such as <c>debian 12</c>.</summary>
    public required string System { get; init; }

    /// <summary>Debian's name of its architecture, such as <c>amd64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Its name; fully qualified if it knows.</summary>
    public required string Name { get; init; }

    /// <summary>Its own address at which it was reached; empty when that is not known.</summary>
    public required string Address { get; init; }

    /// <summary>The release of Gatehouse on it; empty when there is none.</summary>
    public required string Release { get; init; }

    /// <summary>Whether a join to this cluster was interrupted there after it had got its certificate.</summary>
    public required bool IsInterrupted { get; init; }

    /// <summary>Whether it is a member of this cluster.</summary>
    public required bool IsMember { get; init; }

    /// <summary>The script that asks all of it in one go. It prints lines KEY=VALUE and changes nothing.</summary>
    /// <param name="cluster">The id of this cluster.</param>
    public static string Script(string cluster) =>
        $$"""
            LC_ALL=C; export LC_ALL
            echo "uid=$(id -u)"
            ID= VERSION_ID=; [ -r /etc/os-release ] && . /etc/os-release; echo "system=$ID $VERSION_ID"
            echo "architecture=$(dpkg --print-architecture 2>/dev/null)"
            echo "name=$(hostname -f 2>/dev/null || hostname)"
            set -- $SSH_CONNECTION; echo "address=${3-}"
            echo "release=$([ -x /usr/bin/gatehouse ] && /usr/bin/gatehouse --version 2>/dev/null)"
            grep -qs {{SshClient.Quote(cluster)}} {{JoinSequence.Granted}} && echo interrupted=yes
            grep -qs {{SshClient.Quote(cluster)}} {{LocalNode.Path}} && echo member=yes
            exit 0
            """;

    /// <summary>Reads what the script printed; what a login message adds is passed over.</summary>
    public static RemoteHost Read(string output)
    {
        var values = output
            .Split('\n')
            .Select(l => l.Split('=', 2))
            .Where(p => p.Length == 2)
            .ToLookup(p => p[0], p => PlainLine.Of(p[1].Trim()), StringComparer.Ordinal);
        return new RemoteHost
        {
            IsRoot = Value("uid") == "0",
            System = Value("system"),
            Architecture = Value("architecture"),
            Name = Names.TryParse(Value("name"), 1, out var name) ? name : "",
            Address = Addresses.TryParse(Value("address"), out var address) ? address.ToString() : "",
            Release = Value("release"),
            IsInterrupted = Value("interrupted") == "yes",
            IsMember = Value("member") == "yes",
        };

        string Value(string key) => values[key].LastOrDefault("");
    }

    /// <summary>Why Gatehouse cannot be set up there; null when it can.</summary>
    public string? Problem()
    {
        if (!IsRoot)
            return "the login is not root's, and setting up a host needs root; name it as root@HOST.";
        if (System != "debian 12")
            return $"it runs {(System.Trim().Length > 0 ? System : "an unknown system")}; Gatehouse sets up Debian 12.";
        return Architecture == "amd64"
            ? null
            : $"its architecture is {(Architecture.Length > 0 ? Architecture : "not known")}; Gatehouse is built for amd64.";
    }
}
