using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>Screens of 80x24 as they are expected, to be read by people. <c>GATEHOUSE_ACCEPT=1</c> rewrites them.</summary>
internal static class FrameFile
{
    public static void Expect(string name, MemorySurface surface)
    {
        var path = Path.Combine(Repository.Golden, "frames", $"{name}.txt");
        var actual = $"{surface.Frame}cursor {surface.CursorShown.X},{surface.CursorShown.Y}\n";
        if (Repository.Accepts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} is missing. GATEHOUSE_ACCEPT=1 writes it.");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
