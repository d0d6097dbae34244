using System.Globalization;
using System.Net;
using System.Text;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Status;

/// <summary>What a map of the cluster is drawn from, beyond what members say of themselves.</summary>
/// <param name="Settings">The settings in force on this node; null when they cannot be read.</param>
/// <param name="Primary">Where the copy of the registry that takes writes is; null when it does not tell.</param>
internal sealed record MapSource(GatewaySettings? Settings, IPAddress? Primary)
{
    /// <summary>Looks for it. What cannot be found is left out, for a map with a gap is better than none.</summary>
    /// <param name="me">This node.</param>
    /// <param name="machine">This host.</param>
    /// <param name="deadline">How long the registry may take.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<MapSource> ReadAsync(LocalNode me, LocalMachine machine, TimeSpan deadline, CancellationToken ct)
    {
        var primary = PrimaryAsync(me, deadline, ct);
        var settings = await Task.Run(() => InForce(machine), ct);
        return new MapSource(settings, await primary);
    }

    /// <summary>The map, with what there is to say about where it is from.</summary>
    /// <param name="report">What the members say.</param>
    /// <param name="here">The number of this node.</param>
    /// <param name="inWords">Whether it is told rather than drawn.</param>
    public string Draw(ClusterReport report, int here, bool inWords)
    {
        var picture = ClusterPicture.Of(report, Settings, report.IsCurrent ? Primary : null, here);
        var text = new StringBuilder();
        foreach (var line in inWords ? ClusterMap.Tell(picture) : ClusterMap.Draw(picture, widthOf: TextWidth.Of))
            text.AppendLine(line);
        if (!report.IsCurrent)
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"The primary is not known now; the members are those of {report.View.Taken.ToLocalTime():yyyy-MM-dd HH:mm:ss}."
            );
        if (Settings is null)
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"Balancers and virtual addresses are not shown: {AnswersInForce.Path} cannot be used; 'gatehouse check "
                    + $"{AnswersInForce.Path}' says why."
            );
        return text.ToString();
    }

    private static GatewaySettings? InForce(LocalMachine machine)
    {
        try
        {
            var file = machine.Real(AnswersInForce.Path);
            return new Pipeline(machine, TimeProvider.System, renders: false).Resolve(
                file,
                File.ReadAllBytes(file),
                WantedReader.IsOwnerOnly(file),
                _ => "not asked for"
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static async Task<IPAddress?> PrimaryAsync(LocalNode me, TimeSpan deadline, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(deadline);
        try
        {
            await using var registry = RegistryAccess.Open(me);
            return IPAddress.TryParse(await registry.HostAsync(limit.Token), out var address) ? address : null;
        }
        catch (Exception e) when (e is RegistryException or TrustException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }
}
