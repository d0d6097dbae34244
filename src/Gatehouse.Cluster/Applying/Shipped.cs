using System.Reflection;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Screens;

namespace Gatehouse.Cluster.Applying;

/// <summary>The screens and templates inside the program, and a site's own templates.</summary>
internal static class Shipped
{
    /// <summary>Where a site puts templates in place of the shipped ones, by the same path.</summary>
    public const string SiteTemplates = "/etc/gatehouse/templates";

    /// <summary>All screens.</summary>
    public static ScreenSet Screens() => new(Names("screens/").Select(n => ScreenReader.Read(n, Bytes(n))));

    /// <summary>All components and templates, with the site's own in front.</summary>
    /// <param name="siteDirectory">The real directory of the site's templates; it need not exist.</param>
    public static TemplateSet Templates(string siteDirectory) =>
        new(
            Names("templates/")
                .ToDictionary(n => n["templates/".Length..], n => System.Text.Encoding.UTF8.GetString(Bytes(n)), StringComparer.Ordinal),
            Site(siteDirectory)
        );

    private static Dictionary<string, string> Site(string directory) =>
        Directory.Exists(directory)
            ? Directory
                .EnumerateFiles(directory, "*", SearchOption.AllDirectories)
                .ToDictionary(f => Path.GetRelativePath(directory, f), File.ReadAllText, StringComparer.Ordinal)
            : [];

    private static IEnumerable<string> Names(string prefix) =>
        Assembly
            .GetExecutingAssembly()
            .GetManifestResourceNames()
            .Where(n => n.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    private static byte[] Bytes(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
