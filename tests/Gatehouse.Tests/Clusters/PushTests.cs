using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Pushing;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>How hosts are named for a push, and what they tell of themselves.</summary>
public sealed class PushTests
{
    [Theory]
    [InlineData("mx2", "", "mx2")]
    [InlineData("root@mx2.example.org", "root", "mx2.example.org")]
    [InlineData("root@192.0.2.12", "root", "192.0.2.12")]
    [InlineData("2001:db8::2", "", "2001:db8::2")]
    public void A_host_is_named_as_for_ssh(string text, string user, string host)
    {
        Assert.Equal(new PushTarget(user, host), PushTarget.Read(text));
        Assert.Equal(text, PushTarget.Read(text).ToString());
    }

    [Theory]
    [InlineData("-oProxyCommand=touch")]
    [InlineData("root@-oProxyCommand=touch")]
    [InlineData("-l@mx2")]
    [InlineData("@mx2")]
    [InlineData("root@")]
    [InlineData("a b")]
    [InlineData("mx2;reboot")]
    [InlineData("$(reboot)@mx2")]
    [InlineData("ssh://mx2")]
    [InlineData("mx2:22")]
    public void What_ssh_or_a_shell_could_take_for_something_else_is_refused(string text) =>
        Assert.Equal(ExitCodes.BadInput, Assert.Throws<SequenceException>(() => PushTarget.Read(text)).Code);

    [Fact]
    public void A_host_tells_of_itself()
    {
        var host = RemoteHost.Read(
            "Welcome!\nuid=0\nsystem=debian "
                + "12\narchitecture=amd64\nname=MX2.example.org\naddress=192.0.2.12\nrelease=0.1.0\ninterrupted=yes\nmember=yes\n"
        );
        Assert.Null(host.Problem());
        Assert.Equal(
            ("mx2.example.org", "192.0.2.12", "0.1.0", true, true),
            (host.Name, host.Address, host.Release, host.IsInterrupted, host.IsMember)
        );
    }

    [Theory]
    [InlineData("uid=1000\nsystem=debian 12\narchitecture=amd64", "root")]
    [InlineData("uid=0\nsystem=debian 11\narchitecture=amd64", "debian 11")]
    [InlineData("uid=0\nsystem=debian 12\narchitecture=arm64", "arm64")]
    [InlineData("", "root")]
    public void A_host_that_will_not_do_is_told_why(string output, string why) =>
        Assert.Contains(why, RemoteHost.Read(output).Problem(), StringComparison.Ordinal);

    [Fact]
    public void The_questions_run_in_a_real_shell_and_change_nothing()
    {
        using var shell = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", RemoteHost.Script("0123456789abcdef0123456789abcdef")])
            {
                RedirectStandardOutput = true,
            }
        )!;
        var host = RemoteHost.Read(shell.StandardOutput.ReadToEnd());
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        Assert.Equal(Environment.UserName == "root", host.IsRoot);
        Assert.NotEmpty(host.System.Trim());
        Assert.False(host.IsInterrupted || host.IsMember);
    }

    [Fact]
    public void A_code_that_a_killed_push_has_left_is_known_until_it_is_struck_out()
    {
        var directory = Path.Combine(Path.GetTempPath(), $"gatehouse-{Guid.NewGuid():N}");
        var codes = new PushedCodes(directory);
        Assert.Null(codes.Left("mx2.example.org"));
        codes.Keep("mx2.example.org", 71);
        codes.Keep("mx2.example.org", 72);
        Assert.Equal(72, new PushedCodes(directory).Left("mx2.example.org"));
        Assert.Null(codes.Left("mx3.example.org"));
        codes.Forget("mx2.example.org");
        Assert.Null(codes.Left("mx2.example.org"));
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("systemctl", 5, true)]
    [InlineData("exim4", 127, true)]
    [InlineData("exim4", 5, false)]
    [InlineData("systemctl", 1, false)]
    public void What_a_node_does_not_have_needs_no_order(string program, int exitCode, bool isAbsent) =>
        Assert.Equal(isAbsent, ClusterOrders.IsAbsent(program, exitCode));

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("it's $(x) `y` \"z\"", "'it'\\''s $(x) `y` \"z\"'")]
    public void A_word_is_quoted_for_the_shell(string word, string quoted) => Assert.Equal(quoted, SshClient.Quote(word));

    [Fact]
    public void What_another_host_prints_does_not_steer_this_terminal()
    {
        Assert.Equal("red text", PlainLine.Of("\e[31mred\e[0m text\a\b"));
        Assert.Equal("title", PlainLine.Of("\rtit\u009ble"));
        Assert.Equal(500, PlainLine.Of(new string('x', 10_000)).Length);
        Assert.Equal("", PlainLine.Of("\e"));
        Assert.Equal("", PlainLine.Of("\e[31"));
    }

    [Fact]
    public void The_way_to_a_host_is_read_from_the_configuration_of_ssh()
    {
        var route = SshRoute.Read(
            "host mx2\nhostname MX2.example.org\nport 2222\nproxyjump none\nuserknownhostsfile /a/known_hosts "
                + "/b/known_hosts\nglobalknownhostsfile /etc/ssh/ssh_known_hosts\n"
        );
        Assert.Equal("[mx2.example.org]:2222", route.KnownName);
        Assert.True(route.IsDirect);
        Assert.Equal(["/a/known_hosts", "/b/known_hosts", "/etc/ssh/ssh_known_hosts"], route.KnownHosts.ToArray());
        Assert.False(SshRoute.Read("hostname a\nport 22\nproxyjump bastion\n").IsDirect);
        Assert.Equal("other", SshRoute.Read("hostname a\nport 22\nhostkeyalias other\n").KnownName);
    }
}
