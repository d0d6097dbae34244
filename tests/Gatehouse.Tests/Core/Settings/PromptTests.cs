using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>Each password that is to be prompted for is asked once, and says what it is for.</summary>
public sealed class PromptTests
{
    private static readonly string Yaml =
        Samples.Member("full")
        + """
            backend:
              redis: redis.example.org
              redis_password: {prompt: true}
              queue: queue.example.org
              queue_user: u
              queue_password: {prompt: true}
              database: db.example.org
              database_user: u
              database_password: {prompt: true}

            """;

    [Fact]
    public void Fields_with_the_same_label_are_asked_one_by_one_and_keep_their_own_answers()
    {
        var asked = new List<string>();
        var answers = AnswerFile.Read("answers.yaml", Encoding.UTF8.GetBytes(Yaml), Samples.Screens, new Report());
        var things = WantedReader.Read(
            Probe.For(Samples.Screens, answers),
            new LocalMachine(),
            question =>
            {
                asked.Add(question);
                return $"answer {asked.Count}";
            }
        );
        Assert.Equal(
            ["External Redis: Redis password", "External message queue: Message queue password", "Application database: Database password"],
            asked
        );
        var settings = Samples.Settings(Yaml, Inputs.Of(Samples.Facts) with { Things = things });
        Assert.Equal(["answer 1", "answer 2", "answer 3"], settings.Backend.External.Select(s => s.Password!.Value!.Reveal()));
        Assert.False(settings.AwaitsPassword);
    }

    [Fact]
    public void What_nobody_answered_is_awaited() => Assert.True(Samples.Settings(Yaml).AwaitsPassword);
}
