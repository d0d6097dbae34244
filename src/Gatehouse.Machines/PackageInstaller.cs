using System.Collections.Immutable;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;

namespace Gatehouse.Machines;

/// <summary>Installs Debian packages without a question, keeps configuration files that are there, and starts nothing yet.</summary>
internal sealed class PackageInstaller(IMachine machine)
{
    /// <summary>Debian asks this script before it starts a service (invoke-rc.d(8)).</summary>
    internal const string PolicyPath = "/usr/sbin/policy-rc.d";

    private const string Mark = "# gatehouse: services start when their configuration is in place";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);
    private static readonly Item Policy = new(EntryKind.File, new Ownership("root", "root", 0b111_101_101), FileContent.Of($"#!/bin/sh\n{Mark}\nexit 101\n"));

    private static readonly ImmutableDictionary<string, string> Quiet = ImmutableDictionary<string, string>.Empty
        .Add("DEBIAN_FRONTEND", "noninteractive").Add("NEEDRESTART_SUSPEND", "1").Add("APT_LISTCHANGES_FRONTEND", "none");

    /// <summary>Installs packages; a failure carries the last lines that apt printed.</summary>
    public async Task InstallAsync(ImmutableArray<string> names, Action<string> onLine, CancellationToken ct)
    {
        await RefuseOtherMailServerAsync(ct);
        var hadPolicy = await machine.ReadAsync(PolicyPath, ct) is not null;
        if (!hadPolicy) await machine.WriteAsync(PolicyPath, Policy, ct);
        try
        {
            // Finishes what an interrupted run left half configured; nothing to do otherwise.
            await machine.RunAsync(new Invocation(["dpkg", "--configure", "-a", "--force-confold", "--force-confdef"], "", Patience, Quiet), onLine, ct);
            var install = Apt("install", names);
            var result = await machine.RunAsync(install, onLine, ct);
            if (!result.Succeeded)
            {
                // The package lists may be missing or old.
                await machine.RunAsync(Apt("update", []), onLine, ct);
                result = await machine.RunAsync(install, onLine, ct);
            }

            if (!result.Succeeded) throw MachineException.Of(install, result);
        }
        finally
        {
            if (!hadPolicy) await machine.RemoveAsync(PolicyPath, CancellationToken.None);
        }
    }

    /// <summary>Takes away the policy script of a run that was killed while it installed.</summary>
    public async Task CleanAsync(CancellationToken ct)
    {
        if (await machine.ReadAsync(PolicyPath, ct) is { } policy && policy.Text.Contains(Mark, StringComparison.Ordinal)) await machine.RemoveAsync(PolicyPath, ct);
    }

    // apt would remove another mail server without a word, and its queue with it.
    private async Task RefuseOtherMailServerAsync(CancellationToken ct)
    {
        var result = await machine.RunAsync(Invocation.Of("dpkg-query", "--show", "--showformat=${Package}|${db:Status-Status}|${Provides}\n"), null, ct);
        var others = result.Output.Split('\n').Select(l => l.Split('|'))
            .Where(p => p is [_, "installed", _] && p[2].Contains("mail-transport-agent", StringComparison.Ordinal) && !p[0].StartsWith("exim4", StringComparison.Ordinal))
            .Select(p => p[0]).ToArray();
        if (others.Length > 0)
            throw new MachineException($"another mail server is installed here: {string.Join(", ", others)}. Installing Exim would remove it. Empty its queue, then run 'apt remove {string.Join(' ', others)}' and apply again.");
    }

    private static Invocation Apt(string verb, ImmutableArray<string> names) => new(
        [
            "apt-get", "--yes", "--quiet", "--no-install-recommends",
            "-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Use-Pty=0",
            "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30",
            verb, .. names,
        ], "", Patience, Quiet);
}
