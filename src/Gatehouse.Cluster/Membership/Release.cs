using System.Reflection;

namespace Gatehouse.Cluster.Membership;

/// <summary>What this build is.</summary>
internal static class Release
{
    /// <summary>Version as in the changelog and the Debian package.</summary>
    public static string Version { get; } =
        typeof(Release).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
