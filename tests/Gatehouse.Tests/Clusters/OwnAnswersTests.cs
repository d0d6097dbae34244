using System.Text;
using Gatehouse.Cluster.Applying;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>The answer file of a host that joins.</summary>
public sealed class OwnAnswersTests
{
    [Fact]
    public void What_is_well_is_read() =>
        Assert.Empty(
            Errors(
                """
                version: 1
                system:
                  location: Berlin
                  resolvers: [192.0.2.53]
                """
            )
        );

    [Fact]
    public void What_is_wrong_is_told_with_its_place_before_a_code_is_used()
    {
        var errors = Errors(
            """
            version: 1
            system:
              location: Berlin
              profile: web
              resolvers: [192.0.2.53, nonsense]
            cluster:
              name: other
            mta:
              smart_host_password: canary
              postmastr: postmaster@example.com
            """
        );
        Assert.Equal(
            [
                "own.yaml:4:12 profile",
                "own.yaml:5:27 bad-value",
                "own.yaml:7:9 from-cluster",
                "own.yaml:9:24 secret-travels",
                "own.yaml:10:3 unknown-key",
            ],
            errors.Where(e => e.Code != "secret-exposed").Select(e => $"{e.Origin} {e.Code}")
        );
        Assert.DoesNotContain(errors, e => e.ToString().Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public void A_finding_of_later_tells_where_the_own_answer_was_written()
    {
        var (answers, _) = Read("version: 1\nsystem:\n  resolvers:\n    - 192.0.2.53\n    - 192.0.2.54\n");
        var finding = new Finding(
            Severity.Error,
            "some-rule",
            "system.resolvers[2]",
            "Something.",
            new Origin("the cluster's settings", 40, 3)
        );
        Assert.Equal("own.yaml:5:7", OwnAnswers.Placed(finding, answers).Origin!.ToString());
        Assert.Equal(finding, OwnAnswers.Placed(finding with { Path = "mta.domains" }, answers) with { Path = finding.Path });
    }

    private static Finding[] Errors(string text) => [.. Read(text).Report.Where(f => f.Severity == Severity.Error)];

    private static (Answers Answers, Report Report) Read(string text) =>
        OwnAnswers.Read(
            "own.yaml",
            Encoding.UTF8.GetBytes(text),
            isOwnerOnly: false,
            "node",
            Shipped.Screens(),
            new LocalMachine("/"),
            FactProbe.Gather(TimeProvider.System)
        );
}
