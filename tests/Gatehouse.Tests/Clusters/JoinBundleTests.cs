using System.Security.Cryptography;
using System.Text;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>The file that is carried to a host so that it can join.</summary>
public sealed class JoinBundleTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    [Fact]
    public void A_bundle_is_read_as_it_was_written()
    {
        var bundle = Make();
        Assert.True(JoinBundle.TryRead(Bytes(bundle), "1.2.3", out var read, out var problem), problem);
        Assert.Equal(bundle.Code.Text.Reveal(), read.Code.Text.Reveal());
        Assert.Equal([new HostPort("192.0.2.1", 1028), new HostPort("2001:db8::1", 1029)], read.Members.ToArray());
        Assert.Equal(
            ("mx2.example.org", "node", "example", Now, bundle.Root),
            (read.Name, read.Profile, read.Cluster, read.Expires, read.Root)
        );
    }

    [Fact]
    public void What_copying_does_to_lines_is_no_damage()
    {
        var text = Make().Write().Reveal();
        Assert.True(
            JoinBundle.TryRead(
                Encoding.UTF8.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n"),
                "1.2.9",
                out _,
                out var problem
            ),
            problem
        );
    }

    [Fact]
    public void Any_changed_or_missing_byte_is_found()
    {
        var bytes = Bytes(Make());
        for (var i = 0; i < bytes.Length - 1; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            Assert.False(JoinBundle.TryRead(changed, "1.2.3", out _, out var problem), $"byte {i}");
            Assert.NotEmpty(problem);
            Assert.False(JoinBundle.TryRead(bytes.AsSpan(0, i), "1.2.3", out _, out _), $"cut at {i}");
        }

        Assert.False(JoinBundle.TryRead(new byte[JoinBundle.MostBytes + 1], "1.2.3", out _, out _));
    }

    [Fact]
    public void A_swapped_CA_is_refused_though_the_checksum_fits()
    {
        var bundle = Make() with { Root = Root() };
        Assert.False(JoinBundle.TryRead(Bytes(bundle), "1.2.3", out _, out var problem));
        Assert.Contains("its CA is not the one", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(bundle.Code.Secret.Reveal(), problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_release_and_another_kind_are_named()
    {
        Assert.False(JoinBundle.TryRead(Bytes(Make()), "1.3.0", out _, out var problem));
        Assert.Equal("it was made by release 1.2.3, and this host has 1.3.0; install 1.2.3 here.", problem);
        var kind = Make().Write().Reveal().Replace("gatehouse-bundle 1", "gatehouse-bundle 2", StringComparison.Ordinal);
        Assert.False(JoinBundle.TryRead(Encoding.UTF8.GetBytes(kind), "1.2.3", out _, out problem));
        Assert.Contains("of another kind (2)", problem, StringComparison.Ordinal);
        Assert.False(JoinBundle.TryRead("hello"u8, "1.2.3", out _, out problem));
        Assert.StartsWith("it is no bundle", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void It_does_not_print()
    {
        var bundle = Make();
        Assert.Equal("bundle for mx2.example.org", bundle.ToString());
        Assert.Equal("***", $"{bundle.Write()}");
    }

    private static byte[] Bytes(JoinBundle bundle) => Encoding.UTF8.GetBytes(bundle.Write().Reveal());

    private static JoinBundle Make()
    {
        var root = Root();
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(root);
        return new JoinBundle
        {
            Release = "1.2.3",
            Cluster = "example",
            Name = "mx2.example.org",
            Profile = "node",
            Expires = Now,
            Members = [new HostPort("192.0.2.1", 1028), new HostPort("2001:db8::1", 1029)],
            Code = JoinCode.Make(RandomNumberGenerator.GetBytes(JoinCode.RandomBytes), Pin.Of(certificate)),
            Root = root,
        };
    }

    private static string Root() => NewTrust.Make("example", "mx1.example.org", System.Net.IPAddress.Parse("192.0.2.1"), Now).Root;
}
