using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quarantine;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Status;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Queue;

namespace Gatehouse.Watching;

/// <summary>Reads the state of a gateway that is no member of a cluster.</summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
internal sealed class GatewayProbe(LocalMachine machine, TimeProvider clock)
{
    private const string Spool = "/var/spool/exim4";

    /// <summary>Reads it.</summary>
    public async Task<GatewayStatus> ReadAsync(CancellationToken ct)
    {
        var store = new GenerationStore(machine);
        var all = await store.AllAsync(ct);
        var current = all.LastOrDefault(g => g.IsGood);
        // Generation 0 is the host before Gatehouse.
        var last = all.LastOrDefault(g => g.Number > 0);
        var scans = current?.Node.Units.Any(u => u.Unit.Name == "clamav-daemon.service") ?? false;
        return new GatewayStatus
        {
            Name = FactProbe.Gather(clock).HostName,
            Release = Release.Version,
            Now = clock.GetUtcNow(),
            Apply = last is null ? null : new ApplyStatus(last.Number, last.Time, ResultOf(last), last.Reason),
            Verify = VerifyRecord.Newest(
                await VerifyStore.ReadAsync(machine, ct),
                last is { IsGood: true } && machine.IsLive && !last.Node.Verifications.IsEmpty ? last.Time : null
            ),
            Units = await UnitsAsync(current, ct),
            Queue = await QueueAsync(ct),
            Disks = Disks(),
            Certificates = [.. new[] { "mta", "web" }.Select(Certificate).OfType<CertificateStatus>()],
            ScansForViruses = scans,
            Signatures = scans ? VirusSignatures.Newest(machine) : null,
        };
    }

    // While another process applies, its generation is not an interrupted one.
    private string ResultOf(Generation generation) => Json.StateText(generation.State, Watch.IsApplying(machine));

    private async Task<ImmutableArray<UnitStatus>> UnitsAsync(Generation? current, CancellationToken ct)
    {
        string[] units =
        [
            .. (current?.Node.Units ?? []).Where(u => u.Unit.Running).Select(u => u.Unit.Name).Distinct(StringComparer.Ordinal),
        ];
        if (units.Length == 0 || !machine.IsLive)
            return [];
        // A line a unit, in their order; the exit code only says whether all are active.
        var states = (await machine.RunAsync(new Invocation(["systemctl", "is-active", "--", .. units]), null, ct)).Output.Split('\n');
        return [.. units.Select((u, i) => new UnitStatus(u, i < states.Length && states[i].Length > 0 ? states[i] : "unknown"))];
    }

    private async Task<QueueStatus?> QueueAsync(CancellationToken ct)
    {
        if (!machine.IsLive || !Directory.Exists(machine.Real(Spool)))
            return null;
        try
        {
            var queue = await new EximQueue(machine).ReadAsync(ct);
            return new QueueStatus(
                queue.Length,
                queue.Count(m => m.IsFrozen),
                queue.IsEmpty ? null : (long)Math.Max(0, (clock.GetUtcNow() - queue[0].Received).TotalSeconds)
            );
        }
        catch (SequenceException)
        {
            return null;
        }
    }

    private ImmutableArray<DiskStatus> Disks()
    {
        var found = ImmutableArray.CreateBuilder<DiskStatus>();
        (string Use, string? Path)[] wanted =
        [
            ("system", "/"),
            ("spool", Spool),
            ("quarantine", QuarantineDuty.Place(machine)?.Directory),
            ("log", "/var/log"),
        ];
        foreach (var (use, path) in wanted)
        {
            if (path is null || !Directory.Exists(machine.Real(path)))
                continue;
            try
            {
                var disk = new DriveInfo(machine.Real(path));
                if (disk.TotalSize > 0)
                    found.Add(
                        new DiskStatus(
                            use,
                            path,
                            (int)((disk.TotalSize - disk.AvailableFreeSpace) * 100 / disk.TotalSize),
                            disk.AvailableFreeSpace
                        )
                    );
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A file system that does not answer has no figures.
            }
        }

        return found.ToImmutable();
    }

    private CertificateStatus? Certificate(string use)
    {
        var path = machine.Real($"/etc/gatehouse/pki/{use}.crt");
        try
        {
            if (!File.Exists(path))
                return null;
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
            return new CertificateStatus(use, certificate.NotAfter.ToUniversalTime());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }
}
