using System.Globalization;

namespace Gatehouse.Cluster.Pushing;

/// <summary>
/// Which join codes pushes from this member are under way with, by their numbers, which are no secrets. A push that is killed
/// leaves its code behind, and nobody knows it any more: the next push withdraws it instead of being barred by it.
/// </summary>
/// <param name="directory">Where it is written down.</param>
internal sealed class PushedCodes(string directory)
{
    /// <summary>Where it is on a member.</summary>
    public const string Directory = "/var/lib/gatehouse/cluster/pushed";

    /// <summary>The code that a push for a name has left behind; null when there is none.</summary>
    /// <param name="name">The node's fully qualified name.</param>
    public int? Left(string name) =>
        File.Exists(Of(name)) && int.TryParse(File.ReadAllText(Of(name)), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>Writes down that a push for a name goes on with a code.</summary>
    /// <param name="name">The node's fully qualified name.</param>
    /// <param name="number">The code's number.</param>
    public void Keep(string name, int number)
    {
        System.IO.Directory.CreateDirectory(directory);
        File.WriteAllText(Of(name), number.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Strikes it out: the code was used or withdrawn.</summary>
    /// <param name="name">The node's fully qualified name.</param>
    public void Forget(string name) => File.Delete(Of(name));

    private string Of(string name) => Path.Combine(directory, name);
}
