using System.Text.Json;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;

namespace Gatehouse.Agent;

/// <summary>The last view of the cluster that this node saw, for the time when the registry is away.</summary>
public static class ViewCache
{
    /// <summary>Where the agent keeps it.</summary>
    public const string Path = "/var/lib/gatehouse-agent/view.json";

    /// <summary>The last view; null when there is none that can be read.</summary>
    public static ClusterView? Read(string path = Path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), Wire.Default.ClusterView) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps a view, in one step.</summary>
    public static void Write(ClusterView view, string path = Path)
    {
        var fresh = $"{path}.new";
        File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(view, Wire.Default.ClusterView));
        File.Move(fresh, path, overwrite: true);
    }
}
