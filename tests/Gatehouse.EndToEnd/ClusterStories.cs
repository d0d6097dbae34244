using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(ClusterCollection.Name)]
public sealed class ClusterStories(ClusterHosts cluster)
{
    [Fact]
    public void The_first_node_tells_what_to_keep_and_shows_no_secret()
    {
        Assert.Matches("CA fingerprint \\(SHA-256\\): [0-9A-F]{64}\n", cluster.Bootstrap.Output);
        Assert.Contains("are in /root/keys", cluster.Bootstrap.Output, StringComparison.Ordinal);
        Assert.Contains("warning: There is one node of type database.", cluster.Bootstrap.Error, StringComparison.Ordinal);
        Assert.Equal("600 root", Lab.Exec(ClusterHosts.First, "stat", "-c", "%a %U", "/root/keys").Output.Trim());
        Assert.NotEqual(0, Lab.Exec(ClusterHosts.First, "test", "-e", "/var/lib/gatehouse/cluster/master-token").ExitCode);
        var again = Lab.Exec(
            ClusterHosts.First,
            "gatehouse",
            "bootstrap",
            "/root/answers.yaml",
            "--name",
            "other",
            "--keys-file",
            "/root/other"
        );
        again.Expect(3);
        Assert.Contains("node 1 of the cluster lab already", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_nodes_are_healthy_and_agree_on_it()
    {
        Assert.Contains("c2.lab.example is node 2 of the cluster lab", cluster.JoinAfterKills.Output, StringComparison.Ordinal);
        Lab.Until(
            "agreement",
            TimeSpan.FromSeconds(60),
            () =>
                ClusterHosts.IsWell(ClusterHosts.First)
                && ClusterHosts.IsWell(ClusterHosts.Second)
                && Shape(ClusterHosts.First) == Shape(ClusterHosts.Second)
        );
        foreach (var host in new[] { ClusterHosts.First, ClusterHosts.Second })
        {
            var text = ClusterHosts.Status(host).Output;
            Assert.StartsWith("NAME(CID)", text, StringComparison.Ordinal);
            Assert.Matches(@"c1\.lab\.example\(1\) +10\.77\.0\.171 +full\*-A ", text);
            Assert.Matches(@"c2\.lab\.example\(2\) +10\.77\.0\.172 +node-A ", text);
            var metrics = ClusterHosts.Status(host, "--prometheus").Output;
            Assert.Contains("gatehouse_registry_up 1\n", metrics, StringComparison.Ordinal);
            Assert.Contains("gatehouse_node_up{node=\"c2.lab.example\",number=\"2\"} 1\n", metrics, StringComparison.Ordinal);
            // A busy registry may not say in time which node takes writes; the map leaves it out then.
            var map = "";
            Lab.Until(
                "the map with the primary",
                TimeSpan.FromSeconds(30),
                () => (map = ClusterHosts.Status(host, "--map").Output).Contains("takes writes", StringComparison.Ordinal)
            );
            Assert.StartsWith("Cluster lab, 2 nodes: ", map, StringComparison.Ordinal);
            Assert.Matches(@"\+- Front end -+\+\n(\| [^\n]*\n)?\| . 2  c2\.lab\.example  10\.77\.0\.172  node ", map);
            Assert.Matches(@"1  c1\.lab\.example  10\.77\.0\.171  full  [^\n]*takes writes", map);
            Assert.Contains("Registry  1 vote, none may fail", map, StringComparison.Ordinal);
            Assert.Contains("Mail      2 nodes, 1 may fail", map, StringComparison.Ordinal);
            Lab.Exec(host, "gatehouse", "verify").Expect(0);
        }
    }

    [Fact]
    public void A_host_on_which_nothing_was_set_up_says_so() =>
        Assert.Contains("Nothing has been applied on this host yet.", cluster.Alone.Expect(1).Output, StringComparison.Ordinal);

    [Fact]
    public void A_member_does_not_join_again()
    {
        var again = ClusterHosts.Join(cluster.Code).Expect(3);
        Assert.Contains("this host is already node 2 of cluster lab", again.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wrong name", 3, "The code is for c2.lab.example, and this host is c9.lab.example")]
    [InlineData("other cluster", 3, "is not the cluster that the code is for")]
    [InlineData("typing mistake", 2, "group 3")]
    [InlineData("expired", 3, "expired")]
    [InlineData("used", 3, "this code was used")]
    [InlineData("no code", 2, "the join code will not do")]
    public void A_join_is_refused_and_nothing_changed(string reason, int exitCode, string says)
    {
        var (result, changed) = cluster.Refusals[reason];
        result.Expect(exitCode);
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
        Assert.False(changed, $"{reason}: something was changed on the host");
        Assert.DoesNotContain("   at ", result.All, StringComparison.Ordinal);
    }

    [Fact]
    public void Killed_at_any_point_the_join_goes_on_when_it_is_run_again() => Assert.InRange(cluster.Killed.Count, 5, 6);

    [Fact]
    public void A_full_disk_and_a_cut_link_end_a_join_with_words_and_it_goes_on_when_it_is_run_again()
    {
        Assert.NotEqual(0, cluster.FullDisk.ExitCode);
        Assert.Contains("No space left on device", cluster.FullDisk.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, cluster.CutOff.ExitCode);
        Assert.Contains("continues where it stopped", cluster.CutOff.All, StringComparison.Ordinal);
        Assert.All([cluster.FullDisk, cluster.CutOff], r => Assert.DoesNotContain("   at ", r.All, StringComparison.Ordinal));
    }

    [Fact]
    public void What_faces_the_network_can_do_little_to_its_host() =>
        // In tenths: systemd-analyze(1), "security" and "--threshold".
        Lab.Exec(ClusterHosts.First, "systemd-analyze", "security", "--no-pager", "--threshold=40", "gatehouse-agent.service").Expect(0);

    [Fact]
    public void An_agent_that_is_stopped_at_the_moment_it_is_ready_has_not_failed()
    {
        try
        {
            for (var i = 0; i < 3; i++)
            {
                Lab.Shell(
                        ClusterHosts.Second,
                        "systemctl reset-failed gatehouse-agent; systemctl restart gatehouse-agent && systemctl stop gatehouse-agent"
                    )
                    .Expect(0);
                Assert.Equal(
                    "inactive success",
                    Lab.Shell(
                            ClusterHosts.Second,
                            "echo $(systemctl show -P ActiveState gatehouse-agent) $(systemctl show -P Result gatehouse-agent)"
                        )
                        .Output.Trim()
                );
            }
        }
        finally
        {
            Lab.Exec(ClusterHosts.Second, "systemctl", "start", "gatehouse-agent").Expect(0);
        }

        Lab.Until(
            "all is well again",
            TimeSpan.FromSeconds(60),
            () => ClusterHosts.IsWell(ClusterHosts.First) && ClusterHosts.IsWell(ClusterHosts.Second)
        );
    }

    [Fact]
    public void Without_the_registry_mail_goes_on_and_the_status_says_so_and_afterwards_all_is_well_by_itself()
    {
        Lab.Exec(ClusterHosts.First, "systemctl", "stop", "patroni").Expect(0);
        try
        {
            foreach (var host in new[] { ClusterHosts.First, ClusterHosts.Second })
            {
                var status = ClusterHosts.Status(host).Expect(1).Output;
                Assert.StartsWith("The registry does not answer; the list of members is as of 20", status, StringComparison.Ordinal);
                Assert.Contains("c1.lab.example(1)", status, StringComparison.Ordinal);
                Assert.Contains("c2.lab.example(2)", status, StringComparison.Ordinal);
                using var json = JsonDocument.Parse(ClusterHosts.Status(host, "--json").Expect(1).Output);
                Assert.False(json.RootElement.GetProperty("current").GetBoolean());
                Assert.False(json.RootElement.GetProperty("healthy").GetBoolean());
                var map = ClusterHosts.Status(host, "--map").Expect(1).Output;
                Assert.Contains("c2.lab.example  10.77.0.172  node", map, StringComparison.Ordinal);
                Assert.Contains("The primary is not known now; the members are those of 20", map, StringComparison.Ordinal);
                Assert.Contains(
                    "gatehouse_registry_up 0\n",
                    ClusterHosts.Status(host, "--prometheus").Expect(1).Output,
                    StringComparison.Ordinal
                );
            }

            foreach (var address in new[] { ClusterHosts.FirstAddress, ClusterHosts.SecondAddress })
            {
                var subject = $"without {Guid.NewGuid():N}";
                Lab.Exec(
                        ClusterHosts.Outside,
                        "swaks",
                        "--server",
                        address,
                        "--helo",
                        "client.lab.example",
                        "--from",
                        "sender@client.example",
                        "--to",
                        "user@example.org",
                        "--header",
                        $"Subject: {subject}"
                    )
                    .Expect(0);
                Lab.Until(
                    "delivery",
                    TimeSpan.FromSeconds(20),
                    () => Lab.Exec(ClusterHosts.Outside, "cat", "/var/mail/sink").Output.Contains(subject, StringComparison.Ordinal)
                );
            }
        }
        finally
        {
            Lab.Exec(ClusterHosts.First, "systemctl", "start", "patroni").Expect(0);
        }

        Lab.Until(
            "all is well again",
            TimeSpan.FromSeconds(60),
            () => ClusterHosts.IsWell(ClusterHosts.First) && ClusterHosts.IsWell(ClusterHosts.Second)
        );
    }

    [Fact]
    public void No_secret_shows_in_a_journal_a_process_list_an_output_or_a_file_that_others_read()
    {
        var keys = Lab.Exec(ClusterHosts.First, "cat", "/root/keys").Expect(0).Output;
        string[] groups = cluster.Code.Split('-');
        string[] canaries =
        [
            cluster.Password,
            Regex.Match(keys, "Master token: +(\\S+)").Groups[1].Value,
            Regex.Match(keys, "Encryption key: +(\\S+)").Groups[1].Value,
            // The secret is in the last four groups; as it is sent it has no hyphens and no check characters.
            string.Join('-', groups[^4..]),
            string.Concat(groups[^4..]),
            string.Concat(groups[^4..].Select(g => g[..^1])),
        ];
        Assert.All(canaries, c => Assert.True(c.Length >= 16, "a canary is missing"));
        foreach (var host in new[] { ClusterHosts.First, ClusterHosts.Second })
        {
            Lab.Write(host, "/root/canaries", string.Join('\n', canaries) + "\n", "0600");
            Assert.Equal("", Lab.Shell(host, "journalctl --no-pager -a -o cat | grep -aFf /root/canaries").Output);
            Assert.Equal(
                "",
                Lab.Shell(
                    host,
                    "find / -xdev -newer /root/gatehouse.deb -type f -perm -004 -not -path '/proc/*' -not -path '/sys/*' -print0 | xargs "
                        + "-0 grep -alFf /root/canaries"
                ).Output
            );
            Assert.Equal(
                "",
                Lab.Shell(host, "grep -aFf /root/canaries /root/processes /root/join.log /var/log/*/* /var/log/* 2>/dev/null").Output
            );
            Lab.Exec(host, "rm", "/root/canaries").Expect(0);
        }

        var outputs = string.Concat(
            cluster.Refusals.Values.Select(r => r.Result.All).Append(cluster.Bootstrap.All).Append(cluster.JoinAfterKills.All)
        );
        foreach (var canary in canaries)
            Assert.DoesNotContain(canary, outputs, StringComparison.Ordinal);
        Assert.NotEqual("0", Lab.Exec(ClusterHosts.Second, "stat", "-c", "%s", "/root/processes").Expect(0).Output.Trim());
    }

    // What all members must see alike.
    private static string Shape(string host)
    {
        using var json = JsonDocument.Parse(ClusterHosts.Status(host, "--json").Output);
        var root = json.RootElement;
        return $"{root.GetProperty("id")} {root.GetProperty("epoch")} {root.GetProperty("settings")} "
            + string.Join(
                ' ',
                root.GetProperty("nodes")
                    .EnumerateArray()
                    .Select(n =>
                        $"{n.GetProperty("number")} {n.GetProperty("name")} {n.GetProperty("address")} {n.GetProperty("profile")} "
                        + $"{n.GetProperty("issuer")} {n.GetProperty("state")} {n.GetProperty("settings")} "
                        + $"{n.GetProperty("certificate_expires")}"
                    )
            );
    }
}
