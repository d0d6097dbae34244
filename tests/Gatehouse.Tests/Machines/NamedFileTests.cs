using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class NamedFileTests
{
    [Fact]
    public void An_empty_name_is_that_of_no_file() => Assert.Throws<FileNotFoundException>(() => NamedFile.Read("", 1));

    [Fact]
    public void A_device_without_an_end_is_read_as_far_as_asked() => Assert.Equal(1001, NamedFile.Read("/dev/zero", 1000).Length);

    [Fact]
    public void An_empty_device_is_empty() => Assert.Empty(NamedFile.Read("/dev/null", 1000));

    [Fact]
    public void A_directory_is_no_file() =>
        Assert.Contains(
            "it is a directory",
            Assert.Throws<IOException>(() => NamedFile.Read("/etc", 1000)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_named_pipe_to_which_nobody_writes_keeps_nobody_waiting()
    {
        var pipe = Path.Combine(Path.GetTempPath(), $"gatehouse-pipe-{Guid.NewGuid():N}");
        Assert.True((await new LocalMachine().RunAsync(new Invocation(["mkfifo", pipe]), null, CancellationToken.None)).Succeeded);
        File.CreateSymbolicLink($"{pipe}-link", pipe);
        foreach (var name in new[] { $"{pipe}-link", pipe })
        {
            Assert.Contains(
                "it is a named pipe",
                Assert.Throws<IOException>(() => NamedFile.Read(name, 1000)).Message,
                StringComparison.Ordinal
            );
            File.Delete(name);
        }
    }

    [Fact]
    public void A_link_to_itself_is_an_error()
    {
        var link = Path.Combine(Path.GetTempPath(), $"gatehouse-link-{Guid.NewGuid():N}");
        File.CreateSymbolicLink(link, link);
        Assert.ThrowsAny<IOException>(() => NamedFile.Read(link, 1000));
        File.Delete(link);
    }

    [Fact]
    public void A_file_is_read_whole_and_a_large_one_shows_that_it_is()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, new string('x', 100_000));
        Assert.Equal(100_000, NamedFile.Read(file, 100_000).Length);
        Assert.Equal(5001, NamedFile.Read(file, 5000).Length);
        File.Delete(file);
    }
}
