using System.Text;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class WantedReaderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gatehouse-wanted").FullName;

    [Fact]
    public void A_file_of_the_tree_comes_before_that_of_the_host()
    {
        var name = Path.Combine(root, "password");
        File.WriteAllText(name, "of the host");
        Assert.Equal("of the host", Read(name));
        Directory.CreateDirectory(Path.Combine(root, "tree") + root);
        File.WriteAllText(Path.Combine(root, "tree") + name, "of the tree");
        Assert.Equal("of the tree", Read(name));
    }

    public void Dispose() => Directory.Delete(root, true);

    private string Read(string name)
    {
        var wanted = new Wanted(WantedKind.File, name, "web.password", null);
        return Encoding.UTF8.GetString(WantedReader.Read([wanted], new LocalMachine(Path.Combine(root, "tree")), null)[(WantedKind.File, name)].Content!.Value.AsSpan());
    }
}
