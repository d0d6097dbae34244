using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests;

public sealed class ReadmeTests
{
    [Fact]
    public void The_screens_it_shows_are_those_of_the_program()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var frames = Directory.GetFiles(Path.Combine(Repository.Golden, "frames")).Select(f => string.Join('\n', File.ReadAllLines(f)[..^1]));
        Assert.Equal(3, frames.Count(f => readme.Contains($"```\n{f}\n```", StringComparison.Ordinal)));
    }
}
