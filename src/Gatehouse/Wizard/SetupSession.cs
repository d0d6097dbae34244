using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Printing;

namespace Gatehouse.Wizard;

/// <summary>What an apply would do, worked out from the answers.</summary>
/// <param name="Answers">What was answered.</param>
/// <param name="Settings">What is asked for.</param>
/// <param name="Node">What it renders to.</param>
/// <param name="Plan">What would change.</param>
/// <param name="Recovered">Whether an apply had been cut off before, and was put back for this.</param>
internal sealed record Preview(Answers Answers, GatewaySettings Settings, RenderedNode Node, Plan Plan, bool Recovered = false)
{
    /// <summary>What on this host stands against it: an apply would be refused.</summary>
    public ImmutableArray<string> Refusals { get; init; } = [];
}

/// <summary>
/// Everything a wizard does to a machine; the full screen and the plain mode are two faces of it. What takes time is
/// prepared in the background while the operator reads the first page.
/// </summary>
internal sealed class SetupSession
{
    /// <summary>Where typed passwords are kept, a file each; the answers name the file.</summary>
    public const string SecretsDirectory = "/etc/gatehouse/secrets/answers";

    private readonly TimeProvider clock;
    private readonly Answers? given;
    private Task previewing = Task.CompletedTask;
    private Task<Pipeline>? pipeline;
    private readonly bool isHost;
    private readonly ConcurrentDictionary<string, string> secretFiles = new(StringComparer.Ordinal);
    private readonly Lazy<ScreenSet> screens = new(Shipped.Screens);
    private readonly Lazy<Facts> facts;
    private readonly Lazy<Answers?> inForce;

    /// <summary>A session on a machine.</summary>
    /// <param name="machine">What is set up.</param>
    /// <param name="clock">The time.</param>
    /// <param name="given">Reads the answers to begin with, given the screens; null when none were named.</param>
    /// <param name="saveTo">A file to write the answers to when the questions are done; empty for none.</param>
    /// <param name="known">The facts, where they are known already; null looks for them.</param>
    /// <param name="isHost">Whether services run on the machine; null asks it. A test says so of a tree.</param>
    public SetupSession(
        LocalMachine machine,
        TimeProvider clock,
        Answers? given = null,
        string saveTo = "",
        Facts? known = null,
        bool? isHost = null
    )
    {
        Machine = machine;
        this.isHost = isHost ?? machine.IsLive;
        this.clock = clock;
        this.given = given;
        SaveTo = saveTo;
        Home = new SetupHome(machine);
        facts = new(() => known ?? FactProbe.Gather(clock));
        inForce = new(ReadInForce);
    }

    /// <summary>What is set up.</summary>
    public LocalMachine Machine { get; }

    /// <summary>What is kept between two runs.</summary>
    public SetupHome Home { get; }

    /// <summary>A file to write the answers to when the questions are done; empty for none.</summary>
    public string SaveTo { get; }

    /// <summary>Whether DNS, destinations and other mail servers are looked at, to warn about them.</summary>
    public bool LooksAtNetwork { get; init; } = true;

    /// <summary>The screens.</summary>
    public ScreenSet Screens => screens.Value;

    /// <summary>The machine's facts.</summary>
    public Facts Facts => facts.Value;

    /// <summary>The time.</summary>
    public TimeProvider Clock => clock;

    /// <summary>What can be done on this host, in the order it is offered.</summary>
    public ImmutableArray<WizardTask> Tasks => WizardTask.For(State, isHost);

    /// <summary>What was left to go on with; null when nothing was. A join that has its certificate is gone on with otherwise, without its
    /// code.</summary>
    public Draft? Draft =>
        Home.ReadDraft() is { } draft && !(draft.Task == WizardTask.Join.Id && State == HostState.Joining) ? draft : null;

    /// <summary>What answers that were given are for.</summary>
    public WizardTask FirstTask => Tasks.FirstOrDefault(t => t.AsksSettings) ?? WizardTask.Gateway;

    // Read from small files alone: the first page waits for it.
    private HostState State =>
        new ClusterFiles(Machine) switch
        {
            var files when files.Read(JoinSequence.Granted) is not null => HostState.Joining,
            { Node.IsMember: true } files => files.Read(ClusterFiles.MasterToken) is not null ? HostState.Unkept : HostState.Member,
            _ => IsSetUp ? HostState.Gateway : HostState.Bare,
        };

    /// <summary>Whether a configuration of ours is in force.</summary>
    public bool IsSetUp => File.Exists(Machine.Real(AnswersInForce.Path));

    /// <summary>The screens that the given answers want asked; empty for all.</summary>
    public ImmutableArray<string> Only => given?.Interactive ?? [];

    /// <summary>Whether answers to begin with were given.</summary>
    public bool HasAnswers => given is not null;

    /// <summary>The answers as a file.</summary>
    public string AnswerText(Interview interview) =>
        AnswerWriter.Write(
            Screens,
            interview.Answers,
            "Written by 'gatehouse setup'. Settings that are not listed have their defaults; 'gatehouse new' prints every question."
        );

    /// <summary>Prepares in the background what will be needed soon. Call it when the first page is on the screen.</summary>
    public void Prepare() => _ = Task.Run(() => (Screens, Facts, inForce.Value));

    /// <summary>Reads and compiles the templates in the background. Call it when the review is near; it takes memory that forms do not
    /// need.</summary>
    public void PrepareToRender() => pipeline ??= NewPipeline();

    /// <summary>Begins an interview for a task.</summary>
    public Interview Begin(WizardTask task)
    {
        var answers = given ?? Known(task);
        var interview = new Interview(Screens, Facts, answers, Look, SecretFile, given is null ? task.Profile : "", Only, task);
        if (answers.Values.IsEmpty || given is not null && !task.Hosts.HasFlag(HostState.Gateway))
            interview.Propose();
        return interview;
    }

    /// <summary>Goes on with a draft.</summary>
    public Interview Resume(Draft draft)
    {
        var task = WizardTask.Find(draft.Task) ?? WizardTask.All[0];
        var profile = draft.Texts.GetValueOrDefault("system.profile", task.Profile);
        var interview = new Interview(Screens, Facts, Known(task), Look, SecretFile, profile, draft.Only, task);
        interview.Restore(draft);
        if (draft.KeepSecrets)
            interview.RestoreSecrets(Home.ReadSecrets());
        return interview;
    }

    /// <summary>What is in force, as an interview to compare with; null when nothing is.</summary>
    public Interview? InForce() => inForce.Value is { } answers ? new Interview(Screens, Facts, answers, Look, SecretFile) : null;

    /// <summary>Whether everything that a task asks is answered as it should be.</summary>
    public static bool IsAnswered(WizardTask task, Interview interview) =>
        task.AsksSettings ? interview.Settings is not null : interview.Findings.All(f => f.Severity != Severity.Error);

    /// <summary>Works out in the background what a task is about to do with the answers there are.</summary>
    /// <exception cref="SequenceException">It cannot be done; the message says why and what to do.</exception>
    public Task<Undertaking> Undertake(WizardTask task, Interview interview)
    {
        // The interview goes on being changed meanwhile by an operator who does not wait.
        var (settings, text) = (interview.Settings, task.AsksSettings ? AnswerText(interview) : "");
        var answers = Answered.Of(interview);
        return Task.Run<Undertaking>(async () =>
            task.Id switch
            {
                "start" => await StartUndertaking.PrepareAsync(this, answers, settings!, text, CancellationToken.None),
                "join" => await JoinUndertaking.PrepareAsync(this, answers, CancellationToken.None),
                "rejoin" => JoinUndertaking.GoOn(this),
                _ => new ApplyUndertaking(this, answers, await PreviewAsync(settings!, text, CancellationToken.None)),
            }
        );
    }

    /// <summary>Works out what an apply would do. The interview must have settings.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="answers">The answers they came from, an answer file.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="cluster">What stands for the gifts of a cluster's CA that is not there yet; null takes them from the machine.</param>
    public Task<Preview> PreviewAsync(GatewaySettings settings, string answers, CancellationToken ct, ClusterMaterial? cluster = null)
    {
        var preview = PreviewAfterAsync(previewing, settings, answers, cluster, ct);
        previewing = preview;
        return preview;
    }

    // One at a time: somebody may have gone back from an earlier one that is still at work.
    private async Task<Preview> PreviewAfterAsync(
        Task earlier,
        GatewaySettings settings,
        string answers,
        ClusterMaterial? cluster,
        CancellationToken ct
    )
    {
        await earlier.ContinueWith(_ => { }, ct, TaskContinuationOptions.None, TaskScheduler.Default);
        var line = await TakePipeline();
        var node = await line.RenderAsync(settings, answers, ct, cluster);
        using var only = ApplyLock.Take(Machine.Real(GenerationStore.Home));
        using var told = new ApplyRun();
        var applier = line.Applier(told);
        var recovered = await applier.RecoverAsync(CancellationToken.None) is not null;
        node = await applier.HereAsync(node, ct);
        var given = AnswerFile.Read("setup", Encoding.UTF8.GetBytes(answers), Screens, new Report());
        return new Preview(given, settings, node, await applier.PlanAsync(node, ct), recovered)
        {
            Refusals = await HostPreflight.ProblemsAsync(Machine, node, ct),
        };
    }

    /// <summary>Begins to apply, in the background. Typed passwords are put where the answers say first.</summary>
    public ApplyRun Apply(Preview preview, IEnumerable<(string File, Core.Values.Secret Secret)> secrets)
    {
        var run = new ApplyRun();
        var typed = secrets.ToArray();
        run.Begin(async ct =>
        {
            if (Machine.IsLive && new ClusterFiles(Machine).Node is { IsMember: true })
                return await ProposeAsync(preview, typed, run, ct);
            var line = new Pipeline(Machine, clock, renders: false);
            using var only = ApplyLock.Take(Machine.Real(GenerationStore.Home));
            var made = typed.Select(t => Machine.Real(t.File)).Where(f => !File.Exists(f)).ToArray();
            WriteSecrets(typed);
            Outcome? outcome = null;
            try
            {
                var result = await line.Applier(run).ApplyAsync(preview.Node, "setup", ct);
                outcome = result.Outcome;
                return result;
            }
            finally
            {
                // They were made for answers that are not in force.
                if (outcome is not (Outcome.Applied or Outcome.Nothing or Outcome.Broken))
                    foreach (var file in made)
                        File.Delete(file);
            }
        });
        return run;
    }

    private Task<ApplyResult> ProposeAsync(
        Preview preview,
        (string File, Core.Values.Secret Secret)[] typed,
        ApplyRun run,
        CancellationToken ct
    ) => SealingAsync(typed, () => new ProposeSequence(Machine, clock, run).RunAsync(preview.Answers, preview.Settings, ct));

    /// <summary>Does something that seals typed passwords for all members, from the files that the answers name.</summary>
    /// <param name="secrets">The passwords.</param>
    /// <param name="act">What is done.</param>
    public async Task<T> SealingAsync<T>(IEnumerable<(string File, Core.Values.Secret Secret)> secrets, Func<Task<T>> act)
    {
        var typed = secrets.ToArray();
        var made = typed.Select(t => Machine.Real(t.File)).Where(f => !File.Exists(f)).ToArray();
        WriteSecrets(typed);
        try
        {
            return await act();
        }
        finally
        {
            // Sealed, they are the cluster's, and these copies nobody's.
            foreach (var file in made)
                File.Delete(file);
        }
    }

    /// <summary>Writes the answers to a file that its owner alone can read; returns what there is to say about it.</summary>
    public string SaveAnswers(string path, Interview interview)
    {
        PrivateFile.Write(Path.GetFullPath(path), Encoding.UTF8.GetBytes(AnswerText(interview)));
        var files = interview.Secrets.Select(s => s.File).ToArray();
        var passwords =
            files.Length == 0
                ? ""
                : $" It contains no passwords: first put them on that host into {string.Join(" and ", files)}, readable only by root.";
        var use =
            interview.Task == WizardTask.Start
                ? $"'gatehouse bootstrap {Path.GetFileName(path)} --name {interview.Text("cluster.name").Trim()}' starts a cluster with "
                    + $"them."
                : $"'gatehouse apply {Path.GetFileName(path)}' sets up another host the same way.";
        return $"The answers are in {Path.GetFullPath(path)}. {use}{passwords}";
    }

    /// <summary>What changes inside the files of a plan.</summary>
    public Task<string> DiffAsync(PutEntry put, RenderedNode node, CancellationToken ct) => FileDiff.OfAsync(put, node, Machine, ct);

    /// <summary>The generated password of the management web, for an operator who asks to see it; null when there is none.</summary>
    public string? GeneratedPassword()
    {
        var path = Machine.Real("/etc/gatehouse/secrets/web-password");
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    /// <summary>What runs on the host already and will be replaced, in a sentence; null when nothing does.</summary>
    public string? Replaced() =>
        this is { IsSetUp: false, Machine.IsLive: true, Facts.Existing.IsEmpty: false }
            ? $"This host already runs {string.Join(", ", Facts.Existing)}. What is replaced is kept; 'gatehouse rollback 0' restores it."
            : null;

    /// <summary>Why a host cannot be set up at all; null when it can.</summary>
    public string? Obstacle()
    {
        if (IsSetUp && inForce.Value is null)
            return $"The answers in force ({Machine.Real(AnswersInForce.Path)}) cannot be read, so nothing can be compared with them. "
                + $"'gatehouse check' shows what is wrong with them; 'gatehouse rollback' restores earlier ones.";
        if (!Machine.IsLive)
            return null;
        if (Facts.Debian != "12")
            return $"This host runs {(Facts.Debian is { Length: > 0 } d ? $"Debian {d}" : "something other than Debian")}; Gatehouse sets "
                + $"up Debian 12.";
        return Facts.Existing.Intersect(["postfix", "sendmail"]).FirstOrDefault() is { } other
            ? $"{other} is installed on this host. Exim, which Gatehouse sets up, cannot be installed beside it. Removing it is your "
                + $"decision: run 'apt-get remove {other}', then start again."
            : null;
    }

    // A host that is set up has answers already.
    private Answers Known(WizardTask task) => (task.Hosts == HostState.Bare ? null : inForce.Value) ?? Nothing;

    private static Answers Nothing { get; } = new("setup", ImmutableSortedDictionary<string, Core.Yaml.Node>.Empty);

    private ImmutableDictionary<(WantedKind Kind, string Name), Found> Look(IEnumerable<Wanted> wanted) =>
        WantedReader.Read(wanted, Machine, null);

    // Each is used once: templates of this site may be mended between two reviews.
    private Task<Pipeline> TakePipeline() => Interlocked.Exchange(ref pipeline, null) ?? NewPipeline();

    private Task<Pipeline> NewPipeline() => Task.Run(() => new Pipeline(Machine, clock, renders: true));

    // A name that is free: earlier answers, to which a rollback may lead, go on naming their own file.
    private string SecretFile(string path) =>
        secretFiles.GetOrAdd(
            path,
            p =>
                Enumerable
                    .Range(1, int.MaxValue)
                    .Select(n => n == 1 ? $"{SecretsDirectory}/{p}" : $"{SecretsDirectory}/{p}-{n}")
                    .First(f => !File.Exists(Machine.Real(f)))
        );

    private void WriteSecrets(IEnumerable<(string File, Core.Values.Secret Secret)> secrets)
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (var (file, secret) in secrets)
        {
            var real = Machine.Real(file);
            Directory.CreateDirectory(Path.GetDirectoryName(real)!, owner);
            PrivateFile.Write(real, Encoding.UTF8.GetBytes($"{secret.Reveal()}\n"));
        }
    }

    private Answers? ReadInForce()
    {
        if (!IsSetUp)
            return null;
        var answers = AnswerFile.Read(AnswersInForce.Path, File.ReadAllBytes(Machine.Real(AnswersInForce.Path)), Screens, new Report());
        return answers.Readable ? answers : null;
    }
}
