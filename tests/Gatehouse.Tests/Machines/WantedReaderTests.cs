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

    [Fact]
    public void A_sealed_secret_is_read_where_members_have_it()
    {
        var home = Path.Combine(root, "tree") + SealedName.Directory;
        Directory.CreateDirectory(home);
        Assert.True(Sealed("web.password").Missing);
        File.WriteAllText(Path.Combine(home, "web.password"), "opened\n");
        File.SetUnixFileMode(Path.Combine(home, "web.password"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.False(Sealed("web.password").OwnerOnly);
        File.SetUnixFileMode(Path.Combine(home, "web.password"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal("opened\n", Encoding.UTF8.GetString(Sealed("web.password").Content!.Value.AsSpan()));
        Assert.True(Sealed("web.password").OwnerOnly);
    }

    public void Dispose() => Directory.Delete(root, true);

    private Found Sealed(string name) =>
        WantedReader.Read([new Wanted(WantedKind.Sealed, name, "web.password", null)], new LocalMachine(Path.Combine(root, "tree")), null)[
            (WantedKind.Sealed, name)
        ];

    private string Read(string name)
    {
        var wanted = new Wanted(WantedKind.File, name, "web.password", null);
        return Encoding.UTF8.GetString(
            WantedReader.Read([wanted], new LocalMachine(Path.Combine(root, "tree")), null)[(WantedKind.File, name)].Content!.Value.AsSpan()
        );
    }
}
