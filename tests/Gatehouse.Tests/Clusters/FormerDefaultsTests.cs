using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Tests.Support;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

public sealed class FormerDefaultsTests
{
    private const string Queue = "backend.message_queue";
    private const string On = "backend:\n  message_queue: true\n";
    private const string Off = "backend:\n  message_queue: false\n";
    private const string Elsewhere = "backend:\n  queue: queue.example.net\n";

    [Theory]
    [InlineData("", "true")]
    [InlineData(Elsewhere, "false")]
    [InlineData(Off, "false")]
    [InlineData(On, "true")]
    public void A_cluster_of_an_older_release_keeps_its_queue(string settings, string meant)
    {
        var composed = EffectiveAnswers.Compose(Read(settings), Read("system:\n  profile: mq\n"), View(Node(1, "mq")), 1);
        Assert.Equal(meant, composed.Text(Queue));
    }

    [Theory]
    [InlineData("", null, "false")]
    [InlineData(On, null, "true")]
    // Of an older release: still so after a change of something else.
    [InlineData("", "", null)]
    [InlineData(On, "", null)]
    [InlineData(Off, Elsewhere, null)]
    [InlineData(Off, "", "false")]
    // Taken out of the answers, it is what it is without an answer.
    [InlineData("", On, "false")]
    [InlineData("", Off, "false")]
    public void New_settings_always_say_whether_there_is_a_queue(string settings, string? before, string? stated) =>
        Assert.Equal(stated, FormerDefaults.Stated(Read(settings), before is null ? null : Read(before)).Text(Queue));

    private static Answers Read(string yaml)
    {
        var report = new Report();
        var answers = AnswerFile.Read("test", Encoding.UTF8.GetBytes("version: 1\n" + yaml), Samples.Screens, report);
        Assert.Empty(report);
        return answers;
    }
}
