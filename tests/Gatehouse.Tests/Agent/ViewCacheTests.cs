using Gatehouse.Agent;
using Gatehouse.Tests.Clusters;
using Xunit;

namespace Gatehouse.Tests.Agent;

public sealed class ViewCacheTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-view").FullName;

    private string Path => System.IO.Path.Combine(directory, "view.json");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void The_last_view_is_read_as_it_was_kept()
    {
        Assert.Null(ViewCache.Read(Path));
        ViewCache.Write(SampleViews.View(SampleViews.Node(1)), Path);
        var last = SampleViews.View(SampleViews.Node(1), SampleViews.Node(2, "mail"));
        ViewCache.Write(last, Path);
        Assert.Equal([1, 2], ViewCache.Read(Path)!.Nodes.Select(n => n.Number));
        Assert.Equal(last.Fingerprint(), ViewCache.Read(Path)!.Fingerprint());
        Assert.Single(Directory.GetFiles(directory));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    public void What_cannot_be_read_is_as_if_it_were_not_there(string text)
    {
        File.WriteAllText(Path, text);
        Assert.Null(ViewCache.Read(Path));
    }

    [Fact]
    public void A_write_that_was_cut_off_leaves_the_view_before()
    {
        ViewCache.Write(SampleViews.View(SampleViews.Node(1)), Path);
        File.WriteAllText($"{Path}.new", "{\"clus");
        Assert.NotNull(ViewCache.Read(Path));
        ViewCache.Write(SampleViews.View(SampleViews.Node(2)), Path);
        Assert.Equal(2, ViewCache.Read(Path)!.Nodes[0].Number);
    }
}
