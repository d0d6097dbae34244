using Gatehouse.Cluster.Membership;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Pushing;

/// <summary>The Debian package of this release, for hosts that have another or none.</summary>
internal static class PushPackage
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Finds it: the one that was named, or where apt keeps what it fetched. Null when there is none.</summary>
    /// <param name="given">The file that was named; null when none was.</param>
    /// <param name="machine">This host.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SequenceException">The named one is not the package of this release.</exception>
    public static async Task<string?> FindAsync(string? given, LocalMachine machine, CancellationToken ct)
    {
        if (given is not null)
        {
            var file = Path.GetFullPath(given);
            if (!File.Exists(file))
                throw new SequenceException(ExitCodes.BadInput, $"there is no package {file}.");
            var what = await WhatAsync(file, machine, ct);
            return what == Wanted
                ? file
                : throw new SequenceException(
                    ExitCodes.BadInput,
                    $"{file} is {(what.Length > 0 ? what : "no Debian package")}; this member needs {Wanted} for the others."
                );
        }

        foreach (var directory in new[] { "/var/cache/gatehouse", "/var/cache/apt/archives" })
        {
            var file = $"{directory}/gatehouse_{Release.Version}_amd64.deb";
            if (File.Exists(file) && await WhatAsync(file, machine, ct) == Wanted)
                return file;
        }

        return null;
    }

    private static string Wanted => $"gatehouse {Release.Version} amd64";

    private static async Task<string> WhatAsync(string file, LocalMachine machine, CancellationToken ct)
    {
        var result = await machine.RunAsync(
            new Invocation(["dpkg-deb", "--show", "--showformat=${Package} ${Version} ${Architecture}", file], Timeout: Patience),
            null,
            ct
        );
        return result.Succeeded ? PlainLine.Of(result.Output.Trim()) : "";
    }
}
