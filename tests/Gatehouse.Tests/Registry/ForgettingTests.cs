using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>The registry grows with the cluster, not with its age, and forgets nothing before its time.</summary>
[Collection("registry")]
public sealed class ForgettingTests(RegistryServer server)
{
    // The chain made anew as if everything up to an event had happened some days earlier, which only a test can do.
    private const string Age = """
        ALTER TABLE gatehouse.events DISABLE TRIGGER ALL;
        DO $do$
        DECLARE
          before bytea := decode(repeat('00', 32), 'hex');
          e gatehouse.events;
        BEGIN
          FOR e IN SELECT * FROM gatehouse.events ORDER BY number LOOP
            IF e.number <= UPTO THEN e.at := e.at - interval '401 days'; END IF;
            e.previous := before;
            e.hash := gatehouse.event_hash(before, e.number, e.at, e.actor, e.kind, e.detail);
            UPDATE gatehouse.events SET at = e.at, previous = e.previous, hash = e.hash WHERE number = e.number;
            before := e.hash;
          END LOOP;
          UPDATE gatehouse.events_head SET hash = before;
        END $do$;
        ALTER TABLE gatehouse.events ENABLE TRIGGER ALL
        """;

    [Fact]
    public async Task Two_hundred_changes_of_settings_leave_a_hundred_versions_and_the_passwords_of_those()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.First.PutSecretAsync(new SealedSecret("mta.smart_host_password", "k", "from the beginning"));
        for (var version = 2L; version <= 201; version++)
        {
            await cluster.First.PutSecretAsync(new SealedSecret($"mta.smart_host_password-{version}-0123abcd", "k", "sealed"));
            Assert.Equal(
                version,
                await cluster.First.ProposeSettingsAsync(
                    version - 1,
                    $"mta: {{smart_host_password: {{sealed: mta.smart_host_password-{version}-0123abcd}}}}"
                )
            );
            await cluster.AdministratorAsync("UPDATE gatehouse.secrets SET at = now() - interval '25 hours'");
            await cluster.First.RecordSettingsResultAsync(version, true, "", version);
            Assert.True(await cluster.First.MarkSettingsAsync(version, SettingsState.Trying, SettingsState.Following));
            Assert.True(await cluster.First.MarkSettingsAsync(version, SettingsState.Following, SettingsState.Good));
            await cluster.AdministratorAsync("UPDATE gatehouse.spent SET since = since - interval '61 minutes'");
        }

        Assert.Equal(
            Enumerable.Range(102, 100).Reverse().Select(n => (long)n),
            (await cluster.First.SettingsHistoryAsync(1000)).Select(s => s.Number)
        );
        Assert.Empty(await cluster.First.SettingsResultsAsync(101));
        Assert.Equal(101, (await cluster.First.SecretsAsync()).Length);
        Assert.Contains(await cluster.First.SecretsAsync(), s => s.Name == "mta.smart_host_password");
        Assert.Equal(202, await cluster.First.ProposeSettingsAsync(201, "answers"));
    }

    [Fact]
    public async Task What_a_member_runs_and_the_last_good_versions_stay_however_many_are_withdrawn()
    {
        await using var cluster = await server.NewClusterAsync();
        var away = await cluster.JoinAsync("mx1", 10);
        await away.Registry.RecordSettingsResultAsync(1, true, "", 1);
        for (var version = 2L; version <= 125; version++)
        {
            await cluster.First.ProposeSettingsAsync(version <= 22 ? version - 1 : 22, "answers");
            await cluster.First.RecordSettingsResultAsync(version, version <= 22, "", version <= 22 ? version : 22);
            if (version > 22)
            {
                Assert.True(await cluster.First.MarkSettingsAsync(version, SettingsState.Trying, SettingsState.Withdrawn));
                continue;
            }

            await cluster.AdministratorAsync($"UPDATE gatehouse.settings SET state = 'good' WHERE number = {version}");
        }

        Assert.Equal(
            [1, .. Enumerable.Range(3, 20).Concat(Enumerable.Range(26, 100)).Select(n => (long)n)],
            (await cluster.First.SettingsHistoryAsync(1000)).Select(s => s.Number).Reverse()
        );
        Assert.Equal(22, (await cluster.First.ViewAsync()).WantedSettings);
    }

    [Fact]
    public async Task A_password_that_was_just_filed_waits_for_its_version()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.AdministratorAsync(
            "INSERT INTO gatehouse.settings (number, base, answers, state, author) SELECT n, n - 1, '', 'withdrawn', 1 FROM "
                + "generate_series(2, 200) n"
        );
        await cluster.First.PutSecretAsync(new SealedSecret("mta.smart_host_password-202-0123abcd", "k", "sealed"));
        await cluster.First.ProposeSettingsAsync(1, "answers");
        Assert.True(await cluster.First.MarkSettingsAsync(201, SettingsState.Trying, SettingsState.Withdrawn));
        Assert.Equal(101, (await cluster.First.SettingsHistoryAsync(1000)).Length);
        Assert.Single(await cluster.First.SecretsAsync(), s => s.Name == "mta.smart_host_password-202-0123abcd");
    }

    [Fact]
    public async Task Events_go_after_400_days_and_the_chain_is_proved_from_the_newest_of_those()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.JoinAsync("mx1", 10);
        await cluster.AdministratorAsync(Age.Replace("UPTO", "6", StringComparison.Ordinal));
        await cluster.First.AppendEventAsync("note", "one more");
        var chain = await cluster.First.VerifyEventsAsync();
        Assert.True(chain.IsWhole, chain.Why);
        Assert.Equal((6, 10), (chain.First, chain.Count));
        Assert.Equal(6, (await cluster.First.EventsAsync())[0].Number);
    }

    [Theory]
    [InlineData(7, "event 1 is missing")]
    [InlineData(8, "event 1 is missing")]
    public async Task Younger_events_cannot_be_cut_off(int upto, string why)
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.JoinAsync("mx1", 10);
        await cluster.AdministratorAsync(Age.Replace("UPTO", "6", StringComparison.Ordinal));
        Assert.StartsWith(
            "GH009",
            await TryAsync(cluster.Local, $"DELETE FROM gatehouse.events WHERE number < {upto}"),
            StringComparison.Ordinal
        );
        await cluster.AdministratorAsync(
            $"ALTER TABLE gatehouse.events DISABLE TRIGGER ALL; DELETE FROM gatehouse.events WHERE number < {upto}; ALTER TABLE "
                + $"gatehouse.events ENABLE TRIGGER ALL"
        );
        Assert.Equal(why, (await cluster.First.VerifyEventsAsync()).Why);
    }

    [Fact]
    public async Task Join_codes_and_certificates_go_400_days_after_their_end()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.JoinAsync("mx1", 10);
        await cluster.AdministratorAsync(
            """
            UPDATE gatehouse.codes SET expires = expires - interval '900 days', used = used - interval '900 days';
            INSERT INTO gatehouse.certificates (serial, node, key_hash, pem, not_before, not_after)
              SELECT to_hex(n), 1, repeat('0', 64), 'x', now() - interval '900 days', now() - n * interval '1 day'
              FROM generate_series(398, 403) n
            """
        );
        await cluster.JoinAsync("mx2", 11);
        Assert.Single(await cluster.First.CodesAsync());
        Assert.Equal(
            ["18e", "18f"],
            (await cluster.First.CertificatesAsync()).Select(c => c.Issued.Serial).Where(s => s.Length == 3).Order(StringComparer.Ordinal)
        );
    }
}
