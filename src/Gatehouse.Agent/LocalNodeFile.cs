using System.Text.Json;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;

namespace Gatehouse.Agent;

/// <summary>Reads what this node knows of itself as a member.</summary>
public static class LocalNodeFile
{
    /// <summary>The node; null when this host is no member of a cluster.</summary>
    /// <param name="path">The file: <see cref="LocalNode.Path"/>.</param>
    /// <exception cref="InvalidDataException">There is a file, and it cannot be read.</exception>
    public static LocalNode? Read(string path = LocalNode.Path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), Wire.Default.LocalNode) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message} 'gatehouse sync' writes it anew.", e);
        }
    }
}
