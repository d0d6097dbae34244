using System.Runtime.CompilerServices;

namespace Gatehouse.Tests.Support;

/// <summary>Where the sources of this repository are, so that tests can read them and rewrite expectations.</summary>
internal static class Repository
{
    /// <summary>The repository's own folder.</summary>
    public static string Root { get; } = Find();

    /// <summary>The folder of the golden cases.</summary>
    public static string Golden { get; } = Path.Combine(Root, "tests", "Gatehouse.Tests", "Golden");

    /// <summary>Whether expectations are to be rewritten rather than compared.</summary>
    public static bool Accepts { get; } = Environment.GetEnvironmentVariable("GATEHOUSE_ACCEPT") == "1";

    private static string Find([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
