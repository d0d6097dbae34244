using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>What PostgreSQL itself refuses to a member that has turned hostile and speaks SQL over its own login.</summary>
[Collection("registry")]
public sealed class RightsTests(RegistryServer server)
{
    private const string Denied = "42501";

    /// <summary>What no member may do, the issuer no more than the others.</summary>
    private static readonly string[] OfNobody =
    [
        "UPDATE gatehouse.heartbeats SET release = 'x' WHERE node = 1",
        "INSERT INTO gatehouse.nodes (number, name, address, port, profile, location, state) VALUES (9, 'a.b', '192.0.2.99', 1, 'mail', "
            + "'', 'active')",
        "UPDATE gatehouse.nodes SET state = 'active'",
        "UPDATE gatehouse.nodes SET address = '192.0.2.77' WHERE number = 2",
        "DELETE FROM gatehouse.nodes",
        "UPDATE gatehouse.cluster SET epoch = 99",
        "SELECT promotion FROM gatehouse.cluster",
        "SELECT * FROM gatehouse.cluster",
        "SELECT verifier FROM gatehouse.codes",
        "SELECT * FROM gatehouse.codes",
        "UPDATE gatehouse.codes SET attempts = 0",
        "UPDATE gatehouse.settings SET answers = ''",
        "INSERT INTO gatehouse.settings (number, base, answers, state, author) VALUES (9, 1, '', 'good', 1)",
        "INSERT INTO gatehouse.settings_results (node, version, applied, message) VALUES (1, 1, false, '')",
        "INSERT INTO gatehouse.commands (number, kind, arguments, nodes, by, deadline) VALUES (1, 'reload', '{}', '{1}', 'x', now())",
        "INSERT INTO gatehouse.command_results (command, node, state, output) VALUES (1, 1, 'done', '')",
        "UPDATE gatehouse.secrets SET sealed = ''",
        "SELECT * FROM gatehouse.secrets",
        "SELECT name FROM gatehouse.secrets",
        "SELECT gatehouse.store_secret('web.password', 'k', 'x', true)",
        "UPDATE gatehouse.secret_duties SET duty = 'mail'",
        "UPDATE gatehouse.profile_duties SET duty = 'database'",
        "UPDATE gatehouse.nodes SET profile = 'full'",
        "UPDATE gatehouse.settings SET approval = 'none'",
        "INSERT INTO gatehouse.settings_approvals (version, node, by, by_token) VALUES (1, 1, 'x', true)",
        "UPDATE gatehouse.quotas SET calls = 1000000",
        "DELETE FROM gatehouse.spent",
        "SELECT gatehouse.spend('event', -1000000)",
        "DELETE FROM gatehouse.secrets",
        "INSERT INTO gatehouse.certificates (serial, node, key_hash, pem, not_before, not_after) VALUES ('0', 1, repeat('0', 64), '', "
            + "now(), now() + interval '1 day')",
        "UPDATE gatehouse.certificates SET revoked = NULL",
        "UPDATE gatehouse.authorities SET state = 'retired'",
        "UPDATE gatehouse.revocation_lists SET pem = ''",
        "INSERT INTO gatehouse.events (kind, detail) VALUES ('node.removed', 'x')",
        "UPDATE gatehouse.events SET detail = ''",
        "DELETE FROM gatehouse.events",
        "TRUNCATE gatehouse.events",
        "UPDATE gatehouse.events_head SET number = 0",
        "ALTER TABLE gatehouse.events DISABLE TRIGGER ALL",
        "SELECT gatehouse.record_event('node.removed', 'x')",
        "SELECT gatehouse.start_cluster('0', 'x', '')",
        "SELECT gatehouse.add_node(1, 'a.b', '192.0.2.99', 1, 'mail', '', 'active')",
        "SELECT gatehouse.first_node('a.b', '192.0.2.99', 1, 'mail', '')",
        "SELECT gatehouse.change_place(1, '192.0.2.99', 1, '')",
        "SELECT gatehouse.make_login('a.b')",
        "SELECT gatehouse.drop_login('postgres')",
        "SELECT gatehouse.own_node()",
        "INSERT INTO gatehouse.migrations (number, name, hash) VALUES (99, '', '')",
        "CREATE TABLE gatehouse.mine (a integer)",
        "CREATE TABLE public.mine (a integer)",
        "CREATE TEMPORARY TABLE mine (a integer)",
        "CREATE SCHEMA mine",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, '')",
        "CREATE ROLE mine",
        "ALTER ROLE postgres PASSWORD 'x'",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "SET ROLE gatehouse_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SET session_replication_role = replica",
        "GRANT gatehouse_owner TO CURRENT_USER",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY gatehouse.nodes TO '/tmp/x'",
        "COPY gatehouse.nodes TO PROGRAM 'true'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "DO $$ BEGIN LOCK TABLE gatehouse.cluster IN EXCLUSIVE MODE; END $$",
        "SELECT * FROM gatehouse.nodes FOR UPDATE",
    ];

    /// <summary>What only the issuer may do.</summary>
    private static readonly string[] OfTheIssuer =
    [
        "SELECT gatehouse.take_code(1, repeat('0', 32), 1)",
        "SELECT * FROM gatehouse.secrets_of_profile('full')",
        "SELECT gatehouse.ready_node(1, 1, '')",
        "SELECT gatehouse.count_wrong_secret(1, 1, 'x')",
        "SELECT gatehouse.admit_node(1, 1, '192.0.2.99', 1, '')",
        "SELECT gatehouse.finish_code(1, 1, 1, '', '', '', '', now(), now())",
        "SELECT gatehouse.add_certificate(1, 2, '0', '', '', now(), now())",
        "SELECT gatehouse.revoke_certificate(1, '0', '')",
        "SELECT gatehouse.activate_node(1, 2)",
        "SELECT gatehouse.remove_node(1, 1, '')",
        "SELECT gatehouse.move_node(1, 1, '192.0.2.99', 1, '')",
        "SELECT gatehouse.add_authority(1, repeat('0', 64), 'root', 'next', '', NULL)",
        "SELECT gatehouse.change_authority(1, repeat('0', 64), 'current')",
        "SELECT gatehouse.put_revocation_list(1, repeat('0', 64), 9, '')",
        "SELECT gatehouse.end_orphans()",
        "SET ROLE gatehouse_issuer",
        "GRANT gatehouse_issuer TO CURRENT_USER",
    ];

    [Fact]
    public async Task Nobody_writes_a_table_or_leaves_its_login()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        foreach (var registry in new[] { node.Registry, cluster.First })
        {
            foreach (var sql in OfNobody)
            {
                var state = await TryAsync(registry, sql);
                Assert.True(state == Denied, $"'{state}' for: {sql}");
            }
        }
    }

    [Fact]
    public async Task Only_the_issuer_issues()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        foreach (var sql in OfTheIssuer)
        {
            var state = await TryAsync(node.Registry, sql);
            Assert.True(state == Denied, $"'{state}' for: {sql}");
        }

        Assert.Equal(Denied, await TryAsync(node.Registry, $"GRANT gatehouse_issuer TO \"{node.Name}\""));
        var refused = await FailureAsync(RegistryFailure.NotPermitted, () => node.Registry.RemoveNodeAsync(1, 1, "hostile"));
        Assert.Contains("only the issuer may do that", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_function_is_granted_to_whom_this_test_says()
    {
        await using var cluster = await server.NewClusterAsync();
        const string Granted = """
            SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc p
            WHERE p.pronamespace = 'gatehouse'::regnamespace AND has_function_privilege('{0}', p.oid, 'EXECUTE')
            """;
        Assert.Equal(
            DBNull.Value,
            await cluster.AdministratorAsync(
                """
                SELECT string_agg(p.proname, ' ') FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                WHERE p.pronamespace = 'gatehouse'::regnamespace AND a.grantee = 0
                """
            )
        );
        Assert.Equal(
            "add_secret answer_self append_event approve_settings approve_settings_by_token begin_retention claim_message end_retention "
                + "heartbeat_self invite is_approved issue_command leave_self lock_holder mark_settings move_self needed_approval "
                + "own_secrets promote propose_settings put_secret record_command_result record_settings_result reject_settings "
                + "replicas set_sync_place set_vote settle_message tell_message withdraw_code",
            await cluster.AdministratorAsync(Granted.Replace("{0}", "gatehouse_node", StringComparison.Ordinal))
        );
        Assert.Equal(
            "activate_node add_authority add_certificate admit_node change_authority count_wrong_secret end_orphans finish_code move_node "
                + "put_revocation_list ready_node remove_node revoke_certificate secrets_of_profile take_code",
            await cluster.AdministratorAsync(Granted.Replace("{0}", "gatehouse_issuer", StringComparison.Ordinal))
        );
        // Whatever runs with the owner's rights looks names up where the owner says.
        Assert.Equal(
            DBNull.Value,
            await cluster.AdministratorAsync(
                """
                SELECT string_agg(p.proname, ' ') FROM pg_proc p WHERE p.pronamespace = 'gatehouse'::regnamespace
                  AND NOT coalesce('search_path=pg_catalog, gatehouse, pg_temp' = ANY (p.proconfig), false)
                """
            )
        );
        Assert.Equal(
            "gatehouse_owner",
            await cluster.AdministratorAsync(
                "SELECT string_agg(DISTINCT proowner::regrole::text, ' ') FROM pg_proc WHERE pronamespace = 'gatehouse'::regnamespace"
            )
        );
    }

    [Fact]
    public async Task A_node_speaks_only_of_itself()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await node.Registry.BeatAsync("0.2.0", 1, """{"load": 0.5}""");
        await node.Registry.PutNodeAnswersAsync("system: {name: mx1}\n");
        await node.Registry.MoveSelfAsync(Place(20) with { Location = "Cellar" });
        var view = await cluster.First.ViewAsync();
        Assert.Equal(
            ("0.2.0", 1L, "192.0.2.20", "Cellar"),
            (view.Node(2)!.Release, view.Node(2)!.SettingsVersion, view.Node(2)!.Address.ToString(), view.Node(2)!.Location)
        );
        Assert.Equal(("", "192.0.2.1"), (view.Node(1)!.Release, view.Node(1)!.Address.ToString()));
        Assert.NotNull(view.Node(2)!.LastSeen);
        Assert.Null(view.Node(1)!.LastSeen);
        Assert.Equal("system: {}\n", await node.Registry.NodeAnswersAsync(1));
        var beats = await cluster.First.HeartbeatsAsync();
        Assert.Equal([1, 2], beats.Select(b => b.Node));
        Assert.Equal("""{"load": 0.5}""", beats[1].Status);
        await FailureAsync(RegistryFailure.AddressTaken, () => node.Registry.MoveSelfAsync(Place(1)));
        await FailureAsync(RegistryFailure.Invalid, () => node.Registry.BeatAsync("0.2.0", 1, $$"""{"x": "{{new string('x', 70000)}}"}"""));
    }

    [Fact]
    public async Task An_event_names_the_login_whatever_the_member_pretends()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(
            "",
            await TryAsync(
                node.Registry,
                "SET ROLE gatehouse_node; SET application_name = 'postgres'; SELECT gatehouse.append_event('note', 'it was me')"
            )
        );
        Assert.Equal("GH009", await TryAsync(node.Registry, "SELECT gatehouse.append_event('node.removed', 'x')"));
        Assert.Equal(node.Name, (await cluster.First.EventsAsync()).Last().Actor);
    }
}
