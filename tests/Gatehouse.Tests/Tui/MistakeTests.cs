using Gatehouse.Core.Wizard;
using Gatehouse.Tests.Support;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>Mistakes as hands make them, in each screen: refused at the field, with the reason.</summary>
public sealed class MistakeTests
{
    // Field, what is typed into it, and what the operator is told there.
    public static TheoryData<string, string, string> Mistakes =>
        new()
        {
            { "system.name", "mx1", "This is not a fully qualified name" },
            { "system.address", "192.0.2.300", "This is not an IPv4 or IPv6" },
            { "system.address", "127.0.0.1", "127.0.0.1 is a loopback address" },
            { "system.time_zone", "Berlin Mitte", "is not a time zone such as" },
            { "system.resolvers", "192.0.2.53 dns.example.org", "Item 2 is not an IPv4" },
            { "system.admin_networks", "192.0.2.7/24", "192.0.2.0/24" },
            { "system.admin_networks", "192.0.2.0/24\n192.0.2.0/25", "overlap" },
            { "system.ssh_port", "70000", "This is not a port from 1 to 65535" },
            { "scanner.site_name", "Example Ltd!", "must be 1 to 40 letters, digits or" },
            { "scanner.spam_score", "six", "This is not a number such as 6" },
            { "scanner.high_spam_score", "5", "must be above the spam score" },
            { "scanner.quarantine_directory", "/etc/quarantine", "must be below one of" },
            { "scanner.quarantine_days", "99999", "is above the maximum of 3650" },
            { "scanner.limit_source_network", "-1", "is below the minimum of 0" },
            { "mta.domains", "example.org", "has no 'destination'" },
            { "mta.domains", "example.org mx1.example.org:25", "this gateway itself" },
            { "mta.domains", "example.org a.example.net b.example.net", "3 words; it takes 2" },
            { "mta.relay_networks", "0.0.0.0/0", "so wide that strangers" },
            { "mta.smart_host", "relay.example.net:99999", "is not a host with a port" },
            { "mta.postmaster", "postmaster", "is not an e-mail address" },
            { "mta.postmaster", "postmaster@mx1.example.org", "no mailboxes" },
            { "mta.message_size_limit", "25 potatoes", "is not a size such as 25M" },
            { "mta.block_lists", "zen_spamhaus.org", "is not a domain such as" },
            { "mta.load_balancers", "192.0.2.0/24", "networks are not allowed here" },
            { "mta.dkim_selector", "Mail.2026", "must be a DNS label" },
            { "web.host_name", "gateway example org", "is not a fully qualified name" },
            { "web.administrator", "ad", "must be 3 to 32 letters" },
            { "web.networks", "10.0.0.0/40", "10.0.0.0/40" },
            { "cluster.collect_logs", "mx1", "is not a fully qualified name" },
            { "backend.redis", "redis.example.org:0", "is not a host with a port" },
            { "balancer.nodes", "mx1.example.org", "already use the balancer's ports there" },
            { "addresses.networks", "192.0.2.0/24 eth0/1", "must be the name of a network" },
            { "addresses.bindings", "192.0.2.10", "a virtual address must be a different one" },
            { "addresses.bindings", "198.51.100.1 mail", "is in no network" },
        };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_refused_at_its_field(string path, string typed, string told)
    {
        var surface = new MemorySurface();
        var interview = Wizards.For(path.Split('.')[0]);
        var field = Samples.Screens.Fields.First(f => f.Path == path);
        var form = Open(
            surface,
            interview,
            path,
            Keys.Of(Enumerable.Repeat(Key.Kill, 6).ToArray()),
            Keys.Type(typed),
            Keys.Of(Key.Tab, Key.Up, Key.None, Key.None, Key.None, Key.None, Key.None, Key.None)
        );
        Assert.Equal(field, form.Current);
        Assert.Contains("!!", surface.Frame, StringComparison.Ordinal);
        Assert.Contains(told, Words(surface), StringComparison.Ordinal);
        FrameFile.Expect($"mistake-{path}-{Array.IndexOf([.. Mistakes.Select(m => (string)m[1]!)], typed)}", surface);
    }

    [Fact]
    public void A_password_that_is_not_typed_twice_alike_is_refused()
    {
        var surface = new MemorySurface();
        var form = Open(
            surface,
            Wizards.Interview(),
            "web.password",
            Keys.Type("correct horse\ncorrect house"),
            Keys.Of(Key.PageDown, Key.None, Key.None, Key.None, Key.None, Key.None, Key.None)
        );
        Assert.False(form.IsClosed);
        Assert.Equal("web.password", form.Current?.Path);
        Assert.True(surface.Shows("!! The two passwords are not the same."));
        Assert.False(surface.Shows("horse"));
    }

    [Fact]
    public void Next_beeps_and_goes_to_the_first_answer_that_is_missing()
    {
        var surface = new MemorySurface();
        var form = Open(
            surface,
            Wizards.Interview(),
            "mta.relay_networks",
            Keys.Of(Key.PageDown, Key.None, Key.None, Key.None, Key.None, Key.None, Key.None)
        );
        Assert.False(form.IsClosed);
        Assert.Equal("mta.postmaster", form.Current?.Path);
        Assert.Equal(1, surface.Bells);
        Assert.Contains("!! A value is needed here, such as postmaster@example.org.", Words(surface), StringComparison.Ordinal);
    }

    // The right column as one line, for sentences are broken wherever the column ends.
    private static string Words(MemorySurface surface) =>
        string.Join(
            ' ',
            surface.Frame.Split('\n').Select(l => l.Trim('|', ' ').Split("||").Last().Trim(' ', '|')).Where(l => l.Length > 0)
        );

    private static FormPage Open(MemorySurface surface, Interview interview, string path, params IEnumerable<Press>[] keys)
    {
        var stage = new Stage(surface, () => { });
        var screen = path.Split('.')[0];
        var form = new FormPage(
            stage,
            interview,
            Samples.Screens[screen]!,
            "mx1",
            () => Wizards.Steps(interview, screen),
            visited: false,
            field: path
        );
        Wizards.Play(surface, stage, form, keys);
        return form;
    }
}
