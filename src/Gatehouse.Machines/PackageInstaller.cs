using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;

namespace Gatehouse.Machines;

/// <summary>
/// Installs Debian packages without a question, keeps configuration files that are there, and neither starts nor enables what
/// the packages bring. dpkg is never killed: a cancelled installation ends between two packages, with all of them configured.
/// </summary>
internal sealed class PackageInstaller(IMachine machine, IApplyLog log)
{
    /// <summary>Debian asks this script before it starts a service (invoke-rc.d(8)).</summary>
    internal const string PolicyPath = "/usr/sbin/policy-rc.d";

    // What started at boot before the packages came, for the run after one that was killed: units of the node, then units that started.
    private const string BegunPath = GenerationStore.Home + "/packages-begun";
    private const string Mark = "# gatehouse: services start when their configuration is in place";
    private const string LockWait = "Waiting for cache lock";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);
    private static readonly Item Policy = new(
        EntryKind.File,
        new Ownership("root", "root", 0b111_101_101),
        FileContent.Of($"#!/bin/sh\n{Mark}\nexit 101\n")
    );

    private static readonly ImmutableDictionary<string, string> Quiet = ImmutableDictionary<string, string>
        .Empty.Add("DEBIAN_FRONTEND", "noninteractive")
        .Add("NEEDRESTART_SUSPEND", "1")
        .Add("APT_LISTCHANGES_FRONTEND", "none");

    // What an unattended upgrade or a cut-off run left unpacked is configured before anything else.
    private static readonly Invocation Configure = new(
        ["dpkg", "--configure", "-a", "--force-confold", "--force-confdef"],
        "",
        Patience,
        Quiet
    );

    private bool isWaitTold;

    /// <summary>Installs packages; a failure carries the last lines that apt printed.</summary>
    /// <param name="names">The packages.</param>
    /// <param name="units">The units that the node names: those that the packages enable are disabled again, until the plan enables
    /// them.</param>
    /// <param name="ct">Stops it between two steps of apt.</param>
    /// <returns>The units that stay enabled, because they took the place of ones that the packages removed.</returns>
    public async Task<ImmutableArray<string>> InstallAsync(ImmutableArray<string> names, ImmutableArray<string> units, CancellationToken ct)
    {
        var starting = await StartingAsync(ct);
        ImmutableArray<string> replaced;
        await machine.WriteAsync(
            BegunPath,
            new Item(EntryKind.File, Ownership.Private, FileContent.Of($"{string.Join(' ', units)}\n{string.Join(' ', starting.Keys)}\n")),
            ct
        );
        var hadPolicy = await machine.ReadAsync(PolicyPath, ct) is not null;
        if (!hadPolicy)
            await machine.WriteAsync(PolicyPath, Policy, ct);
        using var told = ct.Register(() => log.Note("  stopping after the package step, because dpkg must finish first"));
        try
        {
            await RepairAsync(ct);
            await DownloadAsync(names, ct);
            ct.ThrowIfCancellationRequested();
            var install = Apt("install", names);
            var result = await machine.RunAsync(install, Hear, ct);
            // Whatever ended apt early: what it unpacked is configured, so that the next run of apt, ours or not, finds order.
            if (!result.Succeeded)
                await machine.RunAsync(Configure, log.Line, CancellationToken.None);
            ct.ThrowIfCancellationRequested();
            if (!result.Succeeded)
                throw MachineException.Of(install, result);
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(
                "cancelled after the package step; the configuration was not changed, and installed packages stay",
                e
            );
        }
        finally
        {
            if (!hadPolicy)
                await machine.RemoveAsync(PolicyPath, CancellationToken.None);
            (replaced, _) = await DisableAsync([.. starting.Keys], units);
            await machine.RemoveAsync(BegunPath, CancellationToken.None);
        }

        return replaced;
    }

    /// <summary>Takes away what a run that was killed while it installed has left: the policy script, and units that start at boot as
    /// Debian ships them.</summary>
    public async Task CleanAsync(CancellationToken ct)
    {
        if (await machine.ReadAsync(PolicyPath, ct) is { } policy && policy.Text.Contains(Mark, StringComparison.Ordinal))
            await machine.RemoveAsync(PolicyPath, ct);
        if (await machine.ReadAsync(BegunPath, ct) is not { } begun)
            return;
        log.Note("an earlier run was interrupted while it installed packages; the next package step completes the installation");
        var lines = begun.Text.Split('\n');
        var (_, disabled) = await DisableAsync([.. Words(lines[^2])], [.. Words(lines[0])]);
        // At boot they are about to start already.
        foreach (var unit in disabled)
            await machine.RunAsync(Invocation.Of("systemctl", "--quiet", "stop", "--no-block", "--", unit), null, ct);
        await machine.RemoveAsync(BegunPath, ct);
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // Says so only when there is something to repair: dpkg prints nothing otherwise.
    private async Task RepairAsync(CancellationToken ct)
    {
        if ((await machine.RunAsync(Invocation.Of("dpkg", "--audit"), null, ct)).Output.Trim().Length == 0)
            return;
        log.Note("  some packages are only half installed; running 'dpkg --configure -a' first");
        await machine.RunAsync(Configure, log.Line, CancellationToken.None);
        ct.ThrowIfCancellationRequested();
    }

    // Fetching changes nothing on the host, so that it may be cut off at any point; what it needs on the disk is known afterwards.
    private async Task DownloadAsync(ImmutableArray<string> names, CancellationToken ct)
    {
        var download = Apt("install", ["--download-only", .. names]) with { EndsItself = false };
        var result = await machine.RunAsync(download, Hear, ct);
        if (!result.Succeeded)
        {
            // The package lists may be missing or old.
            await machine.RunAsync(Apt("update", []) with { EndsItself = false }, Hear, ct);
            result = await machine.RunAsync(download, Hear, ct);
        }

        if (!result.Succeeded)
            throw MachineException.Of(download, result);
        if (DiskSpace.Needed(result.Output) is not { } needed)
            return;
        var free = await machine.RunAsync(Invocation.Of("df", "--output=avail", "-B1", "/usr"), null, ct);
        if (DiskSpace.Refusal(needed, free.Output) is { } refusal)
            throw new MachineException(refusal);
    }

    private void Hear(string line)
    {
        log.Line(line);
        // Told once, also where the lines of a running command are not shown: it can take two minutes.
        if (isWaitTold || !line.StartsWith(LockWait, StringComparison.Ordinal))
            return;
        isWaitTold = true;
        log.Note(
            $"  waiting up to two minutes for another package manager: {line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()}"
        );
    }

    // Units that start at boot: enabled ones, and those that systemd makes of init scripts ("generated").
    private async Task<ImmutableDictionary<string, string>> StartingAsync(CancellationToken ct)
    {
        var result = await machine.RunAsync(
            Invocation.Of("systemctl", "list-unit-files", "--state=enabled,generated", "--no-legend", "--plain"),
            null,
            ct
        );
        return result
            .Output.Split('\n')
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(w => w.Length > 1)
            .ToImmutableDictionary(w => w[0], w => w[1], StringComparer.Ordinal);
    }

    // Debian's packages enable their services. Nothing of ours configures them yet: a boot must not start them as Debian ships them.
    private async Task<(ImmutableArray<string> Stay, ImmutableArray<string> Disabled)> DisableAsync(
        ImmutableArray<string> before,
        ImmutableArray<string> units
    )
    {
        var now = await StartingAsync(CancellationToken.None);
        var gone = before.Except(now.Keys, StringComparer.Ordinal).ToImmutableArray();
        var (stay, disabled) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        foreach (var unit in units.Distinct(StringComparer.Ordinal).Where(u => now.ContainsKey(u) && !before.Contains(u)))
        {
            // chrony takes the place of systemd's own clock service, which apt removes for it.
            if (!gone.IsEmpty && await ReplacesAsync(unit, gone))
            {
                stay.Add(unit);
                continue;
            }

            // Of an init script, the links in /etc/rc?.d are what starts it: systemctl has to look after those as well.
            var variables = now[unit] == "generated" ? null : UnitControl.NativeAlone;
            await machine.RunAsync(
                Invocation.Of("systemctl", "--quiet", "disable", "--no-reload", "--", unit) with
                {
                    Variables = variables,
                },
                log.Line,
                CancellationToken.None
            );
            disabled.Add(unit);
        }

        return (stay.ToImmutable(), disabled.ToImmutable());
    }

    private async Task<bool> ReplacesAsync(string unit, ImmutableArray<string> gone)
    {
        var result = await machine.RunAsync(
            Invocation.Of("systemctl", "show", "--property=Conflicts", "--value", "--", unit),
            null,
            CancellationToken.None
        );
        return result.Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Intersect(gone, StringComparer.Ordinal).Any();
    }

    private static Invocation Apt(string verb, ImmutableArray<string> names) =>
        new(
            [
                "apt-get",
                "--yes",
                "--quiet",
                "--no-install-recommends",
                "-o",
                "Dpkg::Options::=--force-confold",
                "-o",
                "Dpkg::Options::=--force-confdef",
                "-o",
                "Dpkg::Use-Pty=0",
                "-o",
                "DPkg::Lock::Timeout=120",
                "-o",
                "Acquire::Retries=2",
                "-o",
                "Acquire::http::Timeout=30",
                verb,
                .. names,
            ],
            "",
            Patience,
            Quiet,
            EndsItself: true
        );
}
