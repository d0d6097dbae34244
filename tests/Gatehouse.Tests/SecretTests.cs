using System.Text;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Tests.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests;

/// <summary>Planted secrets show up where they are needed, and nowhere else.</summary>
public sealed class SecretTests
{
    private const string Yaml =
        Samples.Minimal
        + """
              smart_host: relay.example.net:587
              smart_host_user: gateway
              smart_host_password: canary-smarthost-7301
              dkim_domains: [example.com]
            web:
              password: canary-inline-web-7302

            """;

    private static readonly string[] Canaries =
    [
        "canary-smarthost-7301",
        "canary-inline-web-7302",
        "canary-redis-7303",
        "canary-controller-7304",
        "canary-webhash-7305",
        "Y2FuYXJ5",
        "canary-web-7306",
    ];

    private static readonly string[] Encoded = [.. Canaries, Convert.ToBase64String(Encoding.UTF8.GetBytes("canary-smarthost-7301"))];

    [Fact]
    public async Task No_secret_shows_in_a_plan_record_command_log_or_result()
    {
        var node = Node(Settings());
        var host = LiveApplyTests.Host();
        var log = new Silence();
        var judges = new Judges();
        var applier = new Applier(host, judges, judges, new FixedClock(), log);
        var plan = await applier.PlanAsync(node, default);
        var result = await applier.ApplyAsync(node, "apply", default);
        Assert.Equal(Outcome.Applied, result.Outcome);
        Clean(string.Concat(plan.Steps.Select(s => s.Describe() + s)));
        Clean(Json.Text(Json.Plan(plan)));
        Clean(Json.Text(Json.Generation(result.Generation!)));
        Clean(result.ToString());
        Clean(Encoding.UTF8.GetString(result.Generation!.ToJson()));
        Assert.All(host.Records, Clean);
        Assert.All(log.Heard, Clean);
        Assert.All(host.Everything, Clean);
    }

    [Fact]
    public void No_secret_shows_in_a_check_or_verification()
    {
        var node = Node(Settings());
        Assert.All(node.Checks, c => Clean(string.Join(' ', c.Check.Run) + c.Check.Input + c));
        Assert.All(node.Verifications, v => Clean(string.Join(' ', v.Verification.Parameters.Values) + v));
    }

    [Fact]
    public void Secrets_are_only_in_files_declared_secret_that_others_cannot_read()
    {
        var node = Node(Settings());
        var found = new HashSet<string>();
        foreach (var file in node.Entries.Where(e => e.Kind == EntryKind.File))
        {
            var held = Encoded.Where(c => node.Contents[file.Hash].Text.Contains(c, StringComparison.Ordinal)).ToArray();
            found.UnionWith(held);
            if (held.Length == 0)
                continue;
            Assert.True(file.Secret, $"{file.Path} holds {held[0]}");
            Assert.Equal(0, file.Owner.Mode & 0b000_000_111);
        }

        Assert.Superset(
            new HashSet<string>
            {
                "canary-redis-7303",
                "canary-controller-7304",
                "canary-webhash-7305",
                "canary-web-7306",
                "Y2FuYXJ5",
                Encoded[^1],
            },
            found
        );
    }

    [Fact]
    public void Every_secret_file_is_closed_to_others() =>
        Assert.All(Node(Settings()).Entries.Where(e => e.Secret), e => Assert.Equal(0, e.Owner.Mode & 0b000_000_111));

    [Fact]
    public void A_secret_in_a_refused_file_is_not_repeated()
    {
        foreach (
            var yaml in new[]
            {
                Yaml + "  administrator: \"\\t\"\n",
                Yaml.Replace("canary-inline-web-7302", "\"canary-inline-web-7302\\n\"", StringComparison.Ordinal),
                Yaml.Replace("canary-inline-web-7302", "{hash: canary-inline-web-7302}", StringComparison.Ordinal),
                Yaml.Replace("canary-inline-web-7302", "[canary-inline-web-7302]", StringComparison.Ordinal),
            }
        )
        {
            Samples.Resolve(yaml, null, out var report);
            Assert.True(report.HasErrors);
            Clean(string.Join('\n', report) + Json.Findings(report));
        }
    }

    [Fact]
    public void Settings_and_material_print_stars()
    {
        var settings = Settings();
        Clean($"{settings} {settings.Mta} {settings.Web} {Material(settings)}");
        Assert.Equal("***", new Secret("canary-inline-web-7302").ToString());
    }

    private static GatewaySettings Settings() => Samples.Settings(Yaml);

    private static Material Material(GatewaySettings settings) =>
        Samples.Material(settings) with
        {
            RedisPassword = new Secret("canary-redis-7303"),
            ControllerPassword = new Secret("canary-controller-7304"),
            WebPasswordHash = new Secret("canary-webhash-7305"),
            WebPassword = new Secret("canary-web-7306"),
            Dkim = new DkimKey("rsa", new Secret(Samples.Pem("PRIVATE KEY", "canary")), ""),
        };

    [Fact]
    public void Keys_of_the_cluster_print_stars()
    {
        var settings = Samples.Settings(Samples.Member("full"));
        var material = Samples.Material(settings);
        var keys = new[] { "node key", "issuing key" }.Select(k => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(k))).ToArray();
        var node = Samples.Renderer.Render(settings, material, "");
        Assert.All(keys, k => Assert.Contains(node.Contents.Values, c => c.Text.Contains(k, StringComparison.Ordinal)));
        var shown = $"{material} {material.Cluster} {System.Text.Json.JsonSerializer.Serialize(node)}";
        Assert.All(keys, k => Assert.DoesNotContain(k, shown, StringComparison.Ordinal));
    }

    private static RenderedNode Node(GatewaySettings settings) => Samples.Renderer.Render(settings, Material(settings), Yaml);

    private static void Clean(string text) => Assert.All(Encoded, c => Assert.DoesNotContain(c, text, StringComparison.Ordinal));
}
