using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Status;
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
    public void A_file_that_is_replaced_by_one_that_was_written_before_its_neighbour_shows()
    {
        string[] files = [System.IO.Path.Combine(directory, "node.crt"), System.IO.Path.Combine(directory, "cluster.crl")];
        var now = DateTime.UtcNow;
        Put(files[0], now.AddMinutes(-2));
        Put(files[1], now);
        var before = AgentState.Stamp(files);
        Put(files[0], now.AddMinutes(-1));
        Assert.NotEqual(before, AgentState.Stamp(files));
        Assert.Equal(AgentState.Stamp(files), AgentState.Stamp(files));

        static void Put(string path, DateTime written)
        {
            File.WriteAllText(path, "");
            File.SetLastWriteTimeUtc(path, written);
        }
    }

    [Fact]
    public void Who_has_no_view_and_no_registry_is_told_so_in_words()
    {
        var said = StatusReader.NotSeen(
            LocalRecord.Of(SampleViews.View(SampleViews.Node(1)), SampleViews.Node(1), 1, "", []),
            StatusReader.Deadline,
            new OperationCanceledException()
        );
        Assert.Contains("the registry (192.0.2.1) did not answer within 1 s", said, StringComparison.Ordinal);
        Assert.DoesNotContain("canceled", said, StringComparison.Ordinal);
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
