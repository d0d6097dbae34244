using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>A node gets the secrets that its templates need, and no others.</summary>
public sealed class SecretDutiesTests
{
    // Each of them is a profile as well.
    private static readonly string[] Duties = ["mail", "web", "cache", "mq", "indexer"];

    private static IEnumerable<Field> PasswordFields => Samples.Screens.Fields.Where(f => f.Kind.Name == "password");

    private static string[] DutiesOf(string name) =>
        [
            .. SecretDuties
                .All.Where(d => name.StartsWith(d.Prefix, StringComparison.Ordinal))
                .Select(d => d.Duty)
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void Every_secret_has_its_duties()
    {
        Assert.All(PasswordFields, f => Assert.True(DutiesOf(f.Path).Length > 0, f.Path));
        Assert.All(SharedSecret.All, s => Assert.True(DutiesOf(s.Name).Length > 0, s.Name));
        Assert.All(SecretDuties.All, d => Assert.Contains(d.Duty, Profile.All.SelectMany(p => p.Roles)));
    }

    [Fact]
    public void Those_of_a_screen_for_some_duties_are_for_these()
    {
        foreach (var field in PasswordFields)
            if (Samples.Screens.ScreenOf(field).Roles is { IsEmpty: false } roles)
                Assert.Equal(roles.Order(StringComparer.Ordinal), DutiesOf(field.Path));
    }

    [Theory]
    [InlineData("backend.redis_password", "redis: redis.example.org")]
    [InlineData("backend.queue_password", "queue: queue.example.org\n  queue_user: u")]
    [InlineData("backend.database_password", "database: db.example.org\n  database_user: u")]
    public void Those_of_the_backend_are_for_the_duties_whose_files_hold_them(string path, string service)
    {
        const string Canary = "canary-of-this-field";
        var holders = Duties.Where(duty =>
            Holds(
                $"{Samples.Member(duty)}backend:\n  {service}\n  {path.Split('.')[1]}: {{file: /f}}\n",
                Canary,
                Samples.With(("/f", Canary))
            )
        );
        Assert.Equal(holders.Order(StringComparer.Ordinal), DutiesOf(path).Except(["database"]));
    }

    [Theory]
    [InlineData(SharedSecret.RedisPassword, "redis-password-of-the-cluster")]
    [InlineData(SharedSecret.ErlangCookie, "erlang-cookie-of-the-cluster")]
    [InlineData(SharedSecret.WebPassword, "web-password-of-the-samples")]
    public void Those_of_the_cluster_are_for_the_duties_whose_files_hold_them(string name, string canary)
    {
        const string Peers = """
            cluster:
              id: 1
              peers:
                - {name: c1.example.org, address: 192.0.2.31, profile: cache, id: 2}
                - {name: q1.example.org, address: 192.0.2.32, profile: mq, id: 3}

            """;
        Assert.Equal(Duties.Where(duty => Holds(Samples.Member(duty) + Peers, canary)).Order(StringComparer.Ordinal), DutiesOf(name));
    }

    [Fact]
    public void A_node_has_the_encryption_key_when_it_gets_a_secret()
    {
        var names = PasswordFields.Select(f => f.Path).Concat(SharedSecret.All.Select(s => s.Name)).ToArray();
        Assert.All(
            Profile.All.Where(p => p.Clustered),
            p => Assert.Equal(NodeDuties.NeedsEncryptionKey(p.Name), names.Any(n => SecretDuties.Reaches(n, p)))
        );
    }

    [Fact]
    public void A_node_without_the_duty_does_without_the_password_and_the_others_miss_it()
    {
        const string Redis = "backend:\n  redis: redis.example.org\n  redis_password: {sealed: backend.redis_password-2}\n";
        foreach (var profile in new[] { "web", "cache", "mq", "indexer" })
            Assert.Equal(
                new Password(PasswordSource.Sealed, null),
                Samples.Settings(Samples.Member(profile) + Redis).Passwords["backend.redis_password"]
            );
        foreach (var profile in new[] { "mail", "database" })
        {
            Samples.Resolve(Samples.Member(profile) + Redis, null, out var report);
            Assert.Equal(["sealed-missing"], report.Where(f => f.Severity == Severity.Error).Select(f => f.Code));
        }
    }

    [Theory]
    [InlineData("cluster.redis-password")]
    [InlineData("web.password-2")]
    [InlineData("mta.smart_host_password2")]
    public void An_answer_names_no_secret_of_another(string name)
    {
        var yaml = Samples
            .Member("mail")
            .Replace(
                "mta:\n",
                $"mta:\n  smart_host: relay.example.net\n  smart_host_user: u\n  smart_host_password: {{sealed: {name}}}\n",
                StringComparison.Ordinal
            );
        Samples.Resolve(yaml, null, out var report);
        Assert.Contains(
            report,
            f =>
                f is { Code: "bad-value", Path: "mta.smart_host_password" }
                && f.Message.Contains("its name begins with mta.smart_host_password", StringComparison.Ordinal)
        );
    }

    private static bool Holds(string yaml, string canary, Inputs? inputs = null) =>
        Samples.Render(yaml, inputs).Contents.Values.Any(c => c.Text.Contains(canary, StringComparison.Ordinal));
}
