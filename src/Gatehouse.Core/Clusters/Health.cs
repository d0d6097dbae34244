using System.Collections.Immutable;
using System.Globalization;

namespace Gatehouse.Core.Clusters;

/// <summary>Whether a node is well, by the rule of Baruwa's status page: load, services, and room on every disk.</summary>
public static class Health
{
    /// <summary>The highest load over one minute.</summary>
    public const double MostLoad = 15;

    /// <summary>From here on a file system counts as full.</summary>
    public const int FullPercent = 95;

    /// <summary>A certificate with less than this left should have been renewed long ago: that is done at two thirds of its life.</summary>
    public static readonly TimeSpan CertificateWarning = TimeSpan.FromDays(14);

    /// <summary>Clocks further apart than this make times in logs and certificates misleading.</summary>
    public static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(5);

    /// <summary>What is not well, in words; empty when all is.</summary>
    /// <param name="status">What the node said.</param>
    /// <param name="now">The time where it is judged.</param>
    public static ImmutableArray<string> Problems(NodeStatus status, DateTimeOffset now)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        foreach (var service in status.Services.Where(s => !s.IsActive))
            problems.Add($"{service.Unit} does not run");
        foreach (var partition in status.Partitions.Where(p => p.UsedPercent >= FullPercent))
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{partition.Path} is {partition.UsedPercent} % full"));
        if (status.Load > MostLoad)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"the load is {status.Load:0.0}"));
        if (status.CertificateExpires - now < CertificateWarning)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"its certificate ends {status.CertificateExpires:yyyy-MM-dd}"));
        if ((status.Clock - now).Duration() > MostSkew)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"its clock is {(status.Clock - now).TotalSeconds:+0;-0} s off"));
        if (!status.ReachesRegistry)
            problems.Add("it does not reach the registry");
        if (status.LostNames is { IsDefaultOrEmpty: false } lost)
            problems.Add(
                $"its {HostNames.Path} no longer names {string.Join(", ", lost)}; the next 'gatehouse sync' on that node restores it"
            );
        return problems.ToImmutable();
    }
}
