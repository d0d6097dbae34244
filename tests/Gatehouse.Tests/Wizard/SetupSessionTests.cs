using Gatehouse.Core.Settings;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Gatehouse.Tests.Tui;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Wizard;

/// <summary>What a wizard does to a machine, without a face.</summary>
public sealed class SetupSessionTests : IDisposable
{
    private const string Secret = "correct horse battery";
    private readonly string root = Directory.CreateTempSubdirectory("gatehouse-session").FullName;

    [Fact]
    public async Task A_typed_password_becomes_a_file_of_its_own_and_an_old_one_stays_for_a_rollback()
    {
        var first = await ApplyAsync(Secret);
        Assert.Equal(Outcome.Applied, first.Result!.Outcome);
        var answers = File.ReadAllText(At("/etc/gatehouse/answers.yaml"));
        Assert.Contains("password: {file: /etc/gatehouse/secrets/answers/web.password}", answers, StringComparison.Ordinal);
        Assert.Equal($"{Secret}\n", File.ReadAllText(At("/etc/gatehouse/secrets/answers/web.password")));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(At("/etc/gatehouse/secrets/answers/web.password"))
        );

        await ApplyAsync("another one");
        Assert.Equal($"{Secret}\n", File.ReadAllText(At("/etc/gatehouse/secrets/answers/web.password")));
        Assert.Equal("another one\n", File.ReadAllText(At("/etc/gatehouse/secrets/answers/web.password-2")));
    }

    [Fact]
    public async Task A_typed_password_is_taken_away_again_when_nothing_was_applied()
    {
        var session = Wizards.Session(root);
        var interview = Answered(session, Secret);
        var preview = await session.PreviewAsync(interview.Settings!, session.AnswerText(interview), CancellationToken.None);
        using var other = ApplyLock.Take(At(GenerationStore.Home));
        using var run = session.Apply(preview, interview.Secrets);
        Assert.Equal(Outcome.Refused, run.Wait().Outcome);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock"),
            f => File.ReadAllText(f).Contains(Secret, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Whoever_works_over_SSH_is_told_at_the_field_that_the_firewall_would_cut_them_off()
    {
        var facts = Wizards.Facts with { Session = new RemoteSession(Samples.Address("198.51.100.7"), 22) };
        var interview = Wizards.Interview(Samples.Minimal, facts);
        var field = Samples.Screens.Fields.First(f => f.Path == "system.admin_networks");
        Assert.Contains(interview.FindingsOf(field), f => f.Code == "session-cut-off");
        Assert.Null(interview.Settings);
        interview.Enter(field, "192.0.2.0/24\n198.51.100.7/32");
        Assert.Empty(interview.FindingsOf(field));
        Assert.NotNull(interview.Settings);
    }

    public void Dispose() => Directory.Delete(root, true);

    private static Interview Answered(SetupSession session, string password)
    {
        var interview = session.Begin(session.Tasks[0]);
        void Enter(string path, string text) => interview.Enter(session.Screens.Fields.First(f => f.Path == path), text);
        Enter("mta.domains", "example.org mail.example.org");
        Enter("mta.postmaster", "postmaster@example.com");
        interview.EnterSecret(session.Screens.Fields.First(f => f.Path == "web.password"), password, password);
        return interview;
    }

    private async Task<ApplyRun> ApplyAsync(string password)
    {
        var session = Wizards.Session(root);
        var interview = Answered(session, password);
        var preview = await session.PreviewAsync(interview.Settings!, session.AnswerText(interview), CancellationToken.None);
        var run = session.Apply(preview, interview.Secrets);
        run.Wait();
        return run;
    }

    private string At(string path) => root + path;
}
