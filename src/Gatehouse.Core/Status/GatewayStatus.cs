using System.Collections.Immutable;

namespace Gatehouse.Core.Status;

/// <summary>A unit of this gateway.</summary>
/// <param name="Unit">Its name.</param>
/// <param name="State">systemd's word for its state, such as active or failed.</param>
public sealed record UnitStatus(string Unit, string State)
{
    /// <summary>Whether it runs. A service that only runs now and then is <c>inactive</c> in between; those are not listed.</summary>
    public bool IsActive => State is "active" or "reloading";
}

/// <summary>A file system that mail depends on.</summary>
/// <param name="Use">What it is for: spool, quarantine or system.</param>
/// <param name="Path">A directory on it.</param>
/// <param name="UsedPercent">How full it is.</param>
/// <param name="FreeBytes">What is left.</param>
public sealed record DiskStatus(string Use, string Path, int UsedPercent, long FreeBytes);

/// <summary>A certificate that services show.</summary>
/// <param name="Use">The service: mta or web.</param>
/// <param name="Ends">The end of its life.</param>
public sealed record CertificateStatus(string Use, DateTimeOffset Ends);

/// <summary>The mail queue.</summary>
/// <param name="Messages">How many messages wait.</param>
/// <param name="Frozen">How many of them are on hold.</param>
/// <param name="OldestSeconds">For how long the oldest one has waited; null when the queue is empty.</param>
public sealed record QueueStatus(int Messages, int Frozen, long? OldestSeconds);

/// <summary>The last apply.</summary>
/// <param name="Number">The number of its generation.</param>
/// <param name="Time">When it began.</param>
/// <param name="Result">good, rolled back, or interrupted.</param>
/// <param name="Reason">Why it was made.</param>
public sealed record ApplyStatus(int Number, DateTimeOffset Time, string Result, string Reason);

/// <summary>The state of a gateway that is no member of a cluster, at one moment.</summary>
public sealed record GatewayStatus
{
    private static readonly TimeSpan OldSignatures = TimeSpan.FromDays(3);
    private static readonly TimeSpan OldVerification = TimeSpan.FromHours(4);
    private static readonly TimeSpan OldMessage = TimeSpan.FromHours(12);
    private static readonly TimeSpan CertificateWarning = TimeSpan.FromDays(14);
    private const int FullDisk = 90;

    /// <summary>The name of the host.</summary>
    public required string Name { get; init; }

    /// <summary>The release of Gatehouse.</summary>
    public required string Release { get; init; }

    /// <summary>The moment.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The last apply; null when nothing was applied.</summary>
    public required ApplyStatus? Apply { get; init; }

    /// <summary>The last verification; null when there was none yet.</summary>
    public required VerifyRecord? Verify { get; init; }

    /// <summary>Its services.</summary>
    public required ImmutableArray<UnitStatus> Units { get; init; }

    /// <summary>The queue; null when there is no mail service.</summary>
    public required QueueStatus? Queue { get; init; }

    /// <summary>File systems.</summary>
    public required ImmutableArray<DiskStatus> Disks { get; init; }

    /// <summary>Certificates.</summary>
    public required ImmutableArray<CertificateStatus> Certificates { get; init; }

    /// <summary>Whether mail is scanned for viruses here.</summary>
    public required bool ScansForViruses { get; init; }

    /// <summary>When the newest virus signatures were made; null when there are none.</summary>
    public required DateTimeOffset? Signatures { get; init; }

    /// <summary>What is wrong, a sentence each.</summary>
    public ImmutableArray<string> Problems => [.. Find()];

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsHealthy => !Find().Any();

    /// <summary>A span as a person says it: the largest unit alone.</summary>
    public static string Span(TimeSpan span)
    {
        var (number, unit) =
            span.TotalSeconds < 120 ? (Math.Max(0, span.TotalSeconds), "s")
            : span.TotalMinutes < 120 ? (span.TotalMinutes, "min")
            : span.TotalHours < 48 ? (span.TotalHours, "h")
            : (span.TotalDays, "days");
        return $"{(long)number} {unit}";
    }

    private IEnumerable<string> Find()
    {
        if (Apply is null)
        {
            yield return "Nothing has been applied on this host yet. 'gatehouse setup' sets it up.";
            yield break;
        }

        if (Apply.Result == "interrupted")
            yield return $"The apply of generation {Apply.Number} was interrupted. 'gatehouse rollback --interrupted' restores the "
                + "previous state.";
        foreach (var unit in Units.Where(u => !u.IsActive))
            yield return $"{unit.Unit} is not running ({unit.State}). 'journalctl -u {unit.Unit}' shows why.";
        if (Verify is { IsHealthy: false } failed)
        {
            var more = failed.Failures.Length > 3 ? $"; and {failed.Failures.Length - 3} more" : "";
            yield return $"The last verification failed: {string.Join("; ", failed.Failures.Take(3))}{more}. "
                + "'gatehouse verify' runs it again.";
        }
        else if (Verify is { } old && Now - old.Time > OldVerification)
            yield return $"The last verification was {Span(Now - old.Time)} ago, but it should run every hour. 'systemctl status "
                + "gatehouse-watch.timer' shows why it did not.";
        if (Queue is { OldestSeconds: { } seconds } queue && TimeSpan.FromSeconds(seconds) > OldMessage)
            yield return $"The oldest of {queue.Messages} messages in the queue has been waiting for "
                + $"{Span(TimeSpan.FromSeconds(seconds))}. 'gatehouse queue why' shows the reasons.";
        foreach (var disk in Disks.Where(d => d.UsedPercent >= FullDisk))
            yield return $"The file system of {disk.Path} is {disk.UsedPercent} % full.";
        foreach (var certificate in Certificates.Where(c => c.Ends - Now < CertificateWarning))
            yield return certificate.Ends <= Now
                ? $"The certificate of {certificate.Use} expired {Span(Now - certificate.Ends)} ago. Replace its file, then run "
                    + $"'gatehouse apply'."
                : $"The certificate of {certificate.Use} expires in {Span(certificate.Ends - Now)}. 'gatehouse apply' renews one that "
                    + $"Gatehouse made; replace the file of any other first.";
        if (ScansForViruses && Signatures is null)
            yield return "ClamAV has no virus signatures and finds only the test virus. 'systemctl status clamav-freshclam' shows why.";
        else if (ScansForViruses && Now - Signatures > OldSignatures)
            yield return $"The virus signatures are {Span(Now - Signatures!.Value)} old. 'systemctl status clamav-freshclam' shows why.";
    }
}
