using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class SharedAnswersTests
{
    [Theory]
    [InlineData("mta: {recipient_list: /etc/shadow}", "mta.recipient_list names a file of this host")]
    [InlineData("mta: {certificate_file: /etc/shadow}", "mta.certificate_file names a file of this host")]
    [InlineData("mta: {dkim_key_file: /etc/gatehouse/pki/node.key}", "mta.dkim_key_file names a file of this host")]
    [InlineData("scanner: {quarantine_directory: /var/spool/other}", "scanner.quarantine_directory names a file of this host")]
    [InlineData(
        "mta: {smart_host_password: {file: /etc/gatehouse/secrets/sealed/web.password}}",
        "mta.smart_host_password is to be read from this host"
    )]
    [InlineData("web: {password: {env: PATH}}", "web.password is to be read from this host")]
    [InlineData("web: {password: {prompt: true}}", "web.password is to be read from this host")]
    [InlineData("system: {name: other.example.org}", "system.name is each node's own answer")]
    [InlineData("web: {host_name: other.example.org}", "web.host_name is each node's own answer")]
    public void Another_member_has_no_say_in_what_this_host_reads(string proposed, string says) =>
        Assert.Contains(
            SharedAnswers.Refusals(Samples.Screens, Read(proposed), Read("")),
            r => r.StartsWith(says, StringComparison.Ordinal)
        );

    [Theory]
    [InlineData("mta: {smart_host_password: {sealed: mta.smart_host_password-3}}")]
    [InlineData("web: {password: {sealed: web.password}}")]
    [InlineData("web: {password: {generate: true}}")]
    [InlineData("mta: {postmaster: postmaster@example.org}")]
    public void Values_are_shared(string proposed) => Assert.Empty(SharedAnswers.Refusals(Samples.Screens, Read(proposed), Read("")));

    [Fact]
    public void What_a_node_has_answered_for_itself_wins_whatever_stands_in_the_clusters() =>
        Assert.Empty(
            SharedAnswers.Refusals(
                Samples.Screens,
                Read("mta: {recipient_list: /etc/shadow}"),
                Read("mta: {recipient_list: /etc/recipients}")
            )
        );

    [Fact]
    public void Every_path_is_a_nodes_own_answer() =>
        Assert.All(Samples.Screens.Fields.Where(f => f.Kind.Name == "path"), f => Assert.Equal(FieldScope.Node, f.Scope));

    [Fact]
    public void No_question_but_a_secret_can_be_answered_by_a_file() =>
        Assert.All(
            Samples.Screens.Fields.Where(f => !f.Kind.IsSecret && f.Columns.IsEmpty && f.IsAnswer && f.When is null),
            f =>
            {
                var (screen, key) = (f.Path.Split('.')[0], f.Path.Split('.')[1]);
                var report = new Report();
                Resolver.Resolve(Samples.Screens, Read($"{screen}: {{{key}: {{file: /etc/hostname}}}}"), Samples.With(), report);
                Assert.Contains(report, r => r.Severity == Severity.Error && r.Path == f.Path);
            }
        );

    [Fact]
    public void A_path_in_force_stays_a_nodes_own() =>
        Assert.Equal(
            ["mta.recipient_list"],
            SharedAnswers
                .Paths(Samples.Screens, Read("mta: {recipient_list: /etc/recipients, postmaster: a@example.org}"))
                .Select(p => p.Key)
        );

    private static Answers Read(string text)
    {
        var report = new Report();
        var answers = AnswerFile.Read("test", Encoding.UTF8.GetBytes($"version: 1\n{text}\n"), Samples.Screens, report);
        Assert.False(report.HasErrors, string.Join('\n', report));
        return answers;
    }
}
