using System.Diagnostics;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Quarantine;

/// <summary>What runs before the synchronisation starts: when a directory counts as mounted, and which index is believed.</summary>
public sealed class SyncBeginTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-begin-").FullName;
    private readonly string mark;
    private readonly string index;

    public SyncBeginTests()
    {
        foreach (var name in new[] { "home", "etc", "place" })
            Directory.CreateDirectory(Path.Combine(directory, name));
        foreach (var name in new[] { "config.xml", "cert.pem", "key.pem" })
            File.WriteAllText(Path.Combine(directory, "etc", name), name);
        (mark, index) = (Path.Combine(directory, "place", ".stfolder"), Path.Combine(directory, "home", "index-v0.14.0.db"));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_directory_is_marked_before_there_is_an_index_and_never_after()
    {
        Assert.Equal("", Begin());
        Assert.True(Directory.Exists(mark));
        Assert.True(File.Exists(Path.Combine(directory, "home", "key.pem")));
        Directory.CreateDirectory(index);
        Assert.Equal("", Begin());
        Directory.Delete(mark);
        Assert.Contains("is not the directory that was synchronised", Begin(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(mark));
        Assert.True(Directory.Exists(index));
    }

    [Theory]
    [InlineData("example 7")]
    [InlineData("another 3")]
    public void The_index_of_another_membership_is_dropped(string other)
    {
        Directory.CreateDirectory(index);
        File.WriteAllText(Path.Combine(directory, "home", "gatehouse-node"), $"{other} {directory}/place\n");
        Assert.Equal("", Begin());
        Assert.False(Directory.Exists(index));
        Assert.True(Directory.Exists(mark));
    }

    private string Begin()
    {
        var script = File.ReadAllText(Path.Combine(Repository.Golden, "node", "expected", "files", "etc", "gatehouse", "sync", "begin"))
            .Replace("/var/lib/gatehouse-sync", $"{directory}/home", StringComparison.Ordinal)
            .Replace("/etc/gatehouse/sync", $"{directory}/etc", StringComparison.Ordinal)
            .Replace("place=/var/spool/gatehouse/quarantine", $"place={directory}/place", StringComparison.Ordinal);
        using var sh = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardError = true })!;
        var said = sh.StandardError.ReadToEnd();
        sh.WaitForExit();
        Assert.Equal(0, sh.ExitCode);
        return said;
    }
}
