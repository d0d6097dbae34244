using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Tests.Support;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

public sealed class EffectiveAnswersTests
{
    private const string Cluster = """
        version: 1
        system:
          time_zone: Europe/Berlin
          resolvers: [192.0.2.53]
          admin_networks: [192.0.2.0/24]
        mta:
          postmaster: postmaster@example.com

        """;

    private const string Own = """
        version: 1
        system:
          name: n2.example.org
          address: 192.0.2.2
          profile: node
          time_zone: Europe/Paris

        """;

    [Fact]
    public void A_members_own_answers_win_and_the_registry_knows_its_peers()
    {
        var composed = EffectiveAnswers.Compose(
            Read(Cluster),
            Read(Own),
            View(Node(1), Node(3, "mail", NodeState.Removed), Node(2, "node")),
            2
        );
        Assert.Equal(
            [
                "cluster.id",
                "cluster.name",
                "cluster.peers",
                "mta.postmaster",
                "system.address",
                "system.admin_networks",
                "system.name",
                "system.profile",
                "system.resolvers",
                "system.time_zone",
            ],
            composed.Values.Keys
        );
        var text = AnswerWriter.Write(Samples.Screens, composed);
        Assert.All(
            ["n2.example.org", "Europe/Paris", "postmaster@example.com", "n1.example.org", "192.0.2.1"],
            t => Assert.Contains(t, text, StringComparison.Ordinal)
        );
        Assert.All(["Europe/Berlin", "n3.example.org"], t => Assert.DoesNotContain(t, text, StringComparison.Ordinal));
        // What was composed is an answer file as any other.
        Assert.Equal(composed.Values.Keys, Read(text).Values.Keys);
    }

    [Fact]
    public void What_an_answer_says_of_the_cluster_itself_is_the_registrys()
    {
        var forged = Read(Own + "cluster:\n  name: forged\n  id: 9\n");
        var text = AnswerWriter.Write(Samples.Screens, EffectiveAnswers.Compose(Read(Cluster), forged, View(Node(1), Node(2)), 2));
        Assert.DoesNotContain("forged", text, StringComparison.Ordinal);
        Assert.Contains("id: 2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Parting_gives_each_its_own()
    {
        var composed = EffectiveAnswers.Compose(Read(Cluster), Read(Own), View(Node(1), Node(2)), 2);
        var (cluster, node) = EffectiveAnswers.Part(Samples.Screens, composed, Read(Own));
        // The time zone that it answered for itself stays its own, though the question is the cluster's.
        Assert.Equal(["mta.postmaster", "system.admin_networks", "system.resolvers"], cluster.Values.Keys);
        Assert.Equal(["system.address", "system.name", "system.profile", "system.time_zone"], node.Values.Keys);
    }

    [Fact]
    public void Every_question_of_a_node_goes_to_the_node_and_none_is_lost()
    {
        var nodes = Samples.Screens.Fields.Where(f => f.Scope == FieldScope.Node).Select(f => f.Path).ToArray();
        Assert.Contains("system.name", nodes);
        var everything = new Answers(
            "test",
            Read(Own).Values.SetItems(Samples.Screens.Fields.Select(f => KeyValuePair.Create(f.Path, Read(Own)["system.name"]!)))
        );
        var (cluster, node) = EffectiveAnswers.Part(Samples.Screens, everything, new Answers("none", everything.Values.Clear()));
        Assert.All(node.Values.Keys, k => Assert.Contains(k, nodes));
        Assert.Equal(
            everything.Values.Keys.Where(k => k is not ("cluster.name" or "cluster.id" or "cluster.peers")).Order(StringComparer.Ordinal),
            cluster.Values.Keys.Concat(node.Values.Keys).Order(StringComparer.Ordinal)
        );
    }

    private static Answers Read(string text)
    {
        var report = new Report();
        var answers = AnswerFile.Read("test", Encoding.UTF8.GetBytes(text), Samples.Screens, report);
        Assert.False(report.HasErrors, string.Join('\n', report));
        return answers;
    }
}
