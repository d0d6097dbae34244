using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reference;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>A node has the settings, packages and open ports of its duties, and no others.</summary>
public sealed class RoleTests
{
    private static readonly string[] OfMail = ["exim4-daemon-heavy", "rspamd", "clamav-daemon"];

    public static TheoryData<string> Profiles => [.. Profile.Names];

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Every_supported_profile_resolves_and_renders(string name)
    {
        var profile = Profile.Find(name)!;
        var settings = Samples.Settings(Samples.Member(name));
        var node = Samples.Renderer.Render(settings, Samples.Material(settings), "");
        var firewall = node.FileText("/etc/gatehouse/firewall.nft");
        Assert.Equal(profile.Has("mail"), settings is { Mta: not null, Scanner: not null });
        Assert.Equal(profile.Has("web"), settings.Web is not null);
        Assert.All(OfMail, p => Assert.Equal(profile.Has("mail"), node.Packages.Contains(p)));
        Assert.Equal(profile.Has("web"), node.Packages.Contains("nginx"));
        Assert.Equal(profile.Has("database"), node.Packages.Contains("postgresql-15"));
        Assert.Equal(profile.Has("mail") || profile.Has("cache"), node.Packages.Contains("redis-server"));
        Assert.Equal(profile.Has("cache"), node.Packages.Contains("redis-sentinel"));
        Assert.Equal(profile.Has("mq"), node.Packages.Contains("rabbitmq-server"));
        Assert.DoesNotContain("sphinxsearch", node.Packages);
        Assert.DoesNotContain("memcached", node.Packages);
        Assert.Equal(profile.Has("mail"), firewall.Contains("dport 25 accept", StringComparison.Ordinal));
        Assert.Equal(profile.Has("balancer"), node.Packages.Contains("haproxy") && !profile.Has("database"));
        Assert.Equal(profile.Has("web"), firewall.Contains("dport { 80, 443 }", StringComparison.Ordinal));
        Assert.Equal(profile.Clustered, firewall.Contains("dport 1028", StringComparison.Ordinal));
        Assert.Equal(profile.Has("database"), firewall.Contains("dport { 5432, 6432 }", StringComparison.Ordinal));
        Assert.Equal(profile.Clustered, node.Units.Any(u => u.Unit.Name == "gatehouse-agent.service"));
        // Open to whom they are for, and to nobody else.
        Assert.All(
            firewall.Split('\n').Where(l => l.Contains("5432", StringComparison.Ordinal) && l.EndsWith("accept", StringComparison.Ordinal)),
            l => Assert.Matches("ip6? saddr @member[46] ", l)
        );
        Assert.All(
            firewall.Split('\n').Where(l => l.Contains("2379", StringComparison.Ordinal) && l.EndsWith("accept", StringComparison.Ordinal)),
            l => Assert.Matches("ip6? saddr @database[46] ", l)
        );
    }

    [Fact]
    public void What_is_for_other_duties_is_neither_looked_for_nor_judged()
    {
        const string others = """
              certificate: own
              certificate_file: /nowhere.pem
              key_file: /nowhere.key
              connections: many
            web:
              password: {file: /nowhere}

            """;
        foreach (var (profile, clean) in new[] { ("database", true), ("node", false) })
        {
            var yaml = Samples.Member(profile) + others;
            var answers = AnswerFile.Read("answers.yaml", Encoding.UTF8.GetBytes(yaml), Samples.Screens, new Report());
            Assert.Equal(clean, Probe.For(Samples.Screens, answers).IsEmpty);
            Samples.Resolve(yaml, null, out var report);
            Assert.Equal(clean, report.Count == 0);
        }
    }

    [Fact]
    public void The_cluster_comes_before_anything_else()
    {
        var node = Samples.Render(Samples.Member("full"));
        Assert.All(
            node.Entries.TakeWhile(e => e.Path != "/etc/gatehouse/answers.yaml").Where(e => e.Kind == EntryKind.File),
            e => Assert.Equal("pki", e.Component)
        );
        Assert.Equal("/etc/gatehouse/pki/cluster-ca.pem", node.Entries.First(e => e.Kind == EntryKind.File).Path);
        Assert.Equal("pki", node.Checks[0].Component);
    }

    [Fact]
    public void Only_the_issuer_has_the_issuing_key()
    {
        Assert.Contains(Samples.Render(Samples.Member("database")).Entries, e => e.Path == "/etc/gatehouse/pki/issuer.key");
        Assert.DoesNotContain(
            Samples.Render(Samples.Member("database") + "cluster:\n  id: 2\n").Entries,
            e => e.Path.StartsWith("/etc/gatehouse/pki/issuer", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void What_differs_from_node_to_node_says_so_in_screens_schema_and_manual()
    {
        var own = Samples.Screens.Fields.Where(f => f.Scope == FieldScope.Node).Select(f => f.Path);
        Assert.Equal(
            [
                "system.name",
                "system.address",
                "system.profile",
                "system.location",
                "scanner.quarantine_directory",
                "mta.host_name",
                "mta.certificate_file",
                "mta.key_file",
                "mta.recipient_list",
                "mta.dkim_key_file",
                "web.host_name",
                "web.certificate_file",
                "web.key_file",
                "cluster.id",
                "cluster.peers",
                "quarantine.forwarded_address",
                "quarantine.forwarded_port",
            ],
            own
        );
        Assert.NotNull(AnswerSchema.Of(Samples.Screens)["properties"]!["system"]!["properties"]!["name"]!["$comment"]);
        Assert.Equal(own.Count(), AnswerManual.Of(Samples.Screens, "1").Split("each node has its own").Length - 1);
    }

    [Fact]
    public void A_sealed_secret_is_taken_as_if_it_was_given()
    {
        var yaml = Samples.Member("node") + "web:\n  password: {sealed: web.password}\n";
        var inputs = Inputs.Of(Samples.Facts);
        inputs = inputs with { Things = inputs.Things.Add((WantedKind.Sealed, "web.password"), new Found([.. "opened\n"u8])) };
        Assert.Equal("opened", Samples.Settings(yaml, inputs).Web!.Password.Value!.Reveal());
        Samples.Resolve(yaml, null, out var report);
        Assert.Equal(["sealed-missing"], report.Where(f => f.Severity == Severity.Error).Select(f => f.Code));
    }

    [Theory]
    [InlineData("web.password", true)]
    [InlineData("mta.smart_host_password-2", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("../answers/web", false)]
    [InlineData("A", false)]
    public void The_name_of_a_sealed_secret_never_leads_elsewhere(string name, bool valid) => Assert.Equal(valid, SealedName.IsValid(name));
}
