using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// What somebody can do who is root on a member without the registry (of profile node) and speaks to the others by hand, a stranger on
/// the network, and a local user on a member.
/// </summary>
[Collection(ClusterCollection.Name)]
public sealed class HostileMemberTests(ClusterHosts cluster)
{
    private const string Pki = "/etc/gatehouse/pki";

    // What somebody who is root there would fetch.
    private static readonly Lazy<Result> Tools = new(() =>
        Lab.Exec(ClusterHosts.Second, "apt-get", "install", "-y", "--no-install-recommends", "postgresql-client-15", "curl").Expect(0)
    );

    [Theory]
    [InlineData("SELECT sealed FROM gatehouse.secrets", "permission denied")]
    [InlineData("SELECT verifier FROM gatehouse.codes", "permission denied")]
    [InlineData("SELECT promotion FROM gatehouse.cluster", "permission denied")]
    [InlineData("UPDATE gatehouse.heartbeats SET at = now() WHERE node = 1", "permission denied")]
    [InlineData("UPDATE gatehouse.nodes SET address = '10.77.0.1' WHERE number = 1", "permission denied")]
    [InlineData("UPDATE gatehouse.settings SET state = 'good'", "permission denied")]
    [InlineData("INSERT INTO gatehouse.settings_results (node, version, applied, message) VALUES (1, 1, true, '')", "permission denied")]
    [InlineData("DELETE FROM gatehouse.events", "permission denied")]
    [InlineData("SELECT gatehouse.remove_node(1, 1, 'gone')", "permission denied")]
    [InlineData("SELECT gatehouse.add_certificate(1, 2, 'ab', repeat('0', 64), 'x', now(), now() + interval '1 day')", "permission denied")]
    [InlineData("SELECT gatehouse.ready_node(1, 1, '')", "permission denied")]
    [InlineData("SELECT gatehouse.promote(1, 2, '\\x00'::bytea, repeat('0', 64), 'x')", "this is not the master token")]
    [InlineData(
        "SELECT gatehouse.invite(77, 'evil.lab.example', 'full', '\\x00'::bytea, now() + interval '1 hour', false)",
        "may neither make nor withdraw join codes"
    )]
    [InlineData("SELECT gatehouse.append_event('node.removed', 'c1.lab.example')", "only the registry writes events")]
    [InlineData("SELECT gatehouse.move_self('127.0.0.1', 1028, '')", "ERROR")]
    [InlineData("SELECT gatehouse.claim_message('1/1xUsvq-00009Z-5e', 'release', 999999999, false)", "ERROR")]
    [InlineData("SET ROLE gatehouse_owner", "permission denied")]
    [InlineData("SET ROLE gatehouse_issuer", "permission denied")]
    [InlineData("COPY (SELECT 1) TO PROGRAM 'id'", "must be superuser")]
    [InlineData("SELECT pg_read_file('/etc/passwd')", "permission denied")]
    [InlineData("CREATE TABLE public.mine (n int)", "permission denied")]
    [InlineData("CREATE TABLE gatehouse.mine (n int)", "permission denied")]
    [InlineData("CREATE TEMP TABLE mine (n int)", "permission denied")]
    [InlineData("CREATE ROLE evil", "permission denied")]
    public void The_registry_refuses_what_a_member_has_no_business_with(string statement, string says) =>
        Assert.Contains(says, Sql(statement).Expect(3).Error, StringComparison.Ordinal);

    [Fact]
    public void Another_login_is_not_to_be_had_with_ones_own_certificate()
    {
        foreach (var user in new[] { "postgres", "c1.lab.example", "gatehouse_owner", "replicator" })
            Assert.NotEqual(0, Login(user, "SELECT 1").ExitCode);
    }

    [Theory]
    [InlineData("  recipient_check: list\n  recipient_list: /etc/shadow\n", "mta.recipient_list names a file of this host")]
    [InlineData(
        "  smart_host: 10.77.0.172:2525\n  smart_host_user: x\n  smart_host_password: {file: /etc/gatehouse/secrets/redis-password}\n",
        "mta.smart_host_password is to be read from this host"
    )]
    [InlineData(
        "  smart_host: 10.77.0.172:2525\n  smart_host_user: x\n  smart_host_password: {sealed: cluster.web-password}\n",
        "is not a sealed secret of"
    )]
    public void Settings_that_would_have_another_member_read_its_files_are_followed_by_none(string lines, string why)
    {
        var basis = Sql("SELECT max(number) FROM gatehouse.settings WHERE state = 'good'").Expect(0).Output.Trim();
        var answers = Sql($"SELECT answers FROM gatehouse.settings WHERE number = {basis}")
            .Expect(0)
            .Output.Replace("mta:\n", $"mta:\n{lines}", StringComparison.Ordinal);
        // It says of itself that it tried them and that they were good; that is its word alone.
        Sql(
                $"DO $do$ DECLARE n bigint; BEGIN n := gatehouse.propose_settings({basis}, $a${answers}$a$, 'none'); PERFORM "
                    + $"gatehouse.record_settings_result(n, true, '', n); PERFORM gatehouse.mark_settings(n, 'trying', 'following', ''); "
                    + $"END $do$"
            )
            .Expect(0);
        var state = "";
        Lab.Until(
            "the settings are withdrawn",
            TimeSpan.FromMinutes(2),
            () =>
                (state = Sql("SELECT state || ' ' || note FROM gatehouse.settings ORDER BY number DESC LIMIT 1").Output).StartsWith(
                    "withdrawn",
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(why, state, StringComparison.Ordinal);
        Assert.Equal(1, Lab.Exec(ClusterHosts.First, "grep", "-rqE", "10.77.0.172:2525|/etc/shadow", "/etc/exim4/exim4.conf").ExitCode);
        Lab.Until(
            "all is well again",
            TimeSpan.FromMinutes(2),
            () => ClusterHosts.IsWell(ClusterHosts.First) && ClusterHosts.IsWell(ClusterHosts.Second)
        );
    }

    [Fact]
    public void Codes_are_made_where_the_registry_is()
    {
        var refused = Lab.Exec(ClusterHosts.Second, "gatehouse", "invite", "evil.lab.example", "--profile", "full").Expect(3);
        Assert.Contains("c1.lab.example", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_is_removed_from_where_the_registry_is_and_by_itself_alone()
    {
        _ = Tools.Value;
        var refused = Lab.Exec(
                ClusterHosts.Second,
                "curl",
                "-s",
                "--cacert",
                $"{Pki}/cluster-ca.pem",
                "--cert",
                $"{Pki}/node.crt",
                "--key",
                $"{Pki}/node.key",
                "-H",
                "Content-Type: application/json",
                "-d",
                "{\"number\":1,\"name\":\"c1.lab.example\",\"why\":\"gone\"}",
                "https://c1.lab.example:1028/v1/remove"
            )
            .Expect(0);
        Assert.Contains("may not remove", refused.Output, StringComparison.Ordinal);
        Assert.Contains(
            "may not remove",
            Lab.Exec(ClusterHosts.Second, "gatehouse", "node", "remove", "c1.lab.example", "--yes").Expect(3).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Engines_are_closed_to_members_without_their_duty_and_to_strangers()
    {
        // etcd, Patroni, Erlang, memcached, Sphinx: for nodes with that duty alone. The registry, the pool and Redis are for every member
        // that scans or follows.
        Assert.Equal(
            "",
            Open(ClusterHosts.Second, 2379, 2380, 8008, 4369, 25672, 35672, 11211, 9306, 9312, 5433, 11332, 11333, 11334, 3310)
        );
        Assert.Equal(
            "",
            Open(
                ClusterHosts.Outside,
                22,
                80,
                443,
                587,
                465,
                1027,
                2379,
                2380,
                8008,
                4369,
                5432,
                5671,
                6379,
                6432,
                25672,
                26379,
                35672,
                11211,
                11332,
                11333,
                11334,
                11335,
                9306,
                9312,
                3310
            )
        );
        Assert.Equal("25 1028 ", Open(ClusterHosts.Outside, 25, 1028));
    }

    [Theory]
    [InlineData(ClusterHosts.First)]
    [InlineData(ClusterHosts.Second)]
    public void A_local_user_finds_no_secret_no_socket_and_nothing_to_write(string host)
    {
        const string places =
            "/etc /var/lib/gatehouse /var/lib/gatehouse-agent /var/lib/etcd /var/lib/postgresql /var/lib/rabbitmq /var/lib/redis "
            + "/var/lib/rspamd /var/spool/exim4 /var/spool/gatehouse /var/log /run /root /tmp /var/tmp";
        Assert.Equal("", As(host, $"grep -rlsE 'BEGIN ([A-Z]+ )?PRIVATE KEY|GHEK-|GHMT-|{cluster.Password}' {places} 2>/dev/null; true"));
        foreach (
            var secret in Lab.Shell(host, "cat /etc/gatehouse/secrets/sealed/* /etc/gatehouse/secrets/*password 2>/dev/null; true")
                .Output.Split('\n')
                .Where(s => s.Length >= 12)
        )
            Assert.Equal("", As(host, $"grep -rlsF '{secret}' {places} 2>/dev/null; true"));
        Assert.Equal(
            "",
            As(
                host,
                "find /etc/gatehouse /etc/exim4 /etc/rspamd /etc/nginx /etc/redis /etc/patroni /etc/pgbouncer /var/lib/gatehouse "
                    + "/var/lib/gatehouse-agent /run/gatehouse-agent /etc/systemd/system -writable ! -type l 2>/dev/null; true"
            )
        );
        // What any user may talk to is the system's own: the bus, the journal, the resolver.
        var sockets = As(host, "find /run -type s -writable 2>/dev/null; true").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(sockets, s => !Regex.IsMatch(s, "^/run/(dbus|systemd|user|uuidd|udev|clamav|postgresql|pgbouncer)/"));
        var said = As(
            host,
            "timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/11334; printf \"GET /stat HTTP/1.0\\r\\n\\r\\n\" >&3; cat <&3'; true"
        );
        Assert.True(said.Contains("HTTP/1", StringComparison.Ordinal) && !said.Contains("\"scanned\"", StringComparison.Ordinal), said);
        if (host == ClusterHosts.First)
        {
            Assert.Contains("NOAUTH", As(host, "redis-cli -p 6379 --no-auth-warning ping 2>&1; true"), StringComparison.Ordinal);
            foreach (var user in new[] { "postgres", "c1.lab.example", "gatehouse_owner" })
                Assert.DoesNotContain(
                    "mine",
                    As(
                        host,
                        $"psql -U {user} -d gatehouse -Atc \"SELECT 'mine'\" 2>&1; psql -h 127.0.0.1 -U {user} -d gatehouse -Atwc "
                            + $"\"SELECT 'mine'\" 2>&1; true"
                    ),
                    StringComparison.Ordinal
                );
        }
    }

    private static string As(string host, string line) =>
        Lab.Exec(host, "runuser", "-u", "nobody", "--", "sh", "-c", line).Expect(0).Output;

    private static string Open(string from, params int[] ports) =>
        Lab.Shell(
                from,
                $"for p in {string.Join(' ', ports)}; do timeout 1 bash -c \"</dev/tcp/{ClusterHosts.FirstAddress}/$p\" 2>/dev/null && "
                    + $"printf '%s ' $p; done; true"
            )
            .Expect(0)
            .Output;

    private static Result Sql(string statement) => Login("c2.lab.example", statement);

    // psql ends with 3 after a statement that failed, and with 2 when it was not let in.
    private static Result Login(string user, string statement) =>
        Tools.Value.ExitCode != 0
            ? Tools.Value
            : Lab.Exec(
                ClusterHosts.Second,
                [
                    "sh",
                    "-c",
                    $"PGCONNECT_TIMEOUT=5 psql -XAtqw -v ON_ERROR_STOP=1 -f - \"host={ClusterHosts.FirstAddress} dbname=gatehouse "
                        + $"user={user} sslmode=verify-full sslrootcert={Pki}/cluster-ca.pem "
                        + $"sslcert={Pki}/node.crt sslkey={Pki}/node.key\"",
                ],
                statement + ";\n"
            );
}
