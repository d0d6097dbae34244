using System.Collections.Immutable;
using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Wizard;

/// <summary>Looks for what answers name outside themselves.</summary>
public delegate ImmutableDictionary<(WantedKind Kind, string Name), Found> Look(IEnumerable<Wanted> wanted);

/// <summary>
/// What an operator has answered so far, judged anew after every change by the same engine as an answer file. It knows
/// nothing of how it is drawn; its result is Answers.
/// </summary>
public sealed class Interview
{
    private readonly ScreenSet screens;
    private readonly Facts facts;
    private readonly Look look;
    private readonly Func<string, string> secretFile;
    private readonly ImmutableHashSet<string> wanted;
    private readonly ImmutableArray<Screen> taskScreens;
    private readonly ImmutableHashSet<string> asked;
    private readonly SortedDictionary<string, string> texts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Mapping> references = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TypedSecret> secrets = new(StringComparer.Ordinal);
    private ImmutableHashSet<string> lost = [];
    private Judgement? judgement;

    /// <summary>Begins with answers that there are already; each can be changed.</summary>
    /// <param name="screens">What is asked.</param>
    /// <param name="facts">The machine.</param>
    /// <param name="given">What is answered already.</param>
    /// <param name="look">Reads what the answers name outside themselves.</param>
    /// <param name="secretFile">The file that a password typed into a field (by its path) will be kept in; the answers name it.</param>
    /// <param name="profile">The profile; empty takes that of the answers.</param>
    /// <param name="only">The screens to ask; empty means all that the profile needs.</param>
    /// <param name="task">What is being done; it may have screens of its own.</param>
    public Interview(
        ScreenSet screens,
        Facts facts,
        Answers given,
        Look look,
        Func<string, string> secretFile,
        string profile = "",
        IEnumerable<string>? only = null,
        WizardTask? task = null
    )
    {
        Task = task ?? WizardTask.Change;
        this.screens = screens;
        this.facts = facts;
        this.look = look;
        this.secretFile = secretFile;
        foreach (var field in screens.Fields)
            if (given[field.Path] is { } node)
                Take(field, node);
        if (profile.Length > 0)
            texts["system.profile"] = profile;
        wanted = only?.ToImmutableHashSet(StringComparer.Ordinal) ?? [];
        taskScreens = [.. screens.TaskScreens.Where(s => s.Task == Task.Id)];
        asked = [.. taskScreens.SelectMany(s => s.Fields).Select(f => f.Path)];
    }

    private sealed record TypedSecret(string First, string Second);

    private sealed record Judgement(
        Answers Answers,
        ImmutableArray<Finding> Findings,
        GatewaySettings? Settings,
        ValueSet Values,
        ValueSet? Others,
        ImmutableHashSet<string> Unasked
    );

    /// <summary>What is being done.</summary>
    public WizardTask Task { get; }

    /// <summary>The screens to go through, in order: those of the task, then those that the profile needs.</summary>
    public ImmutableArray<Screen> Screens
    {
        get
        {
            if (!Task.AsksSettings)
                return taskScreens;
            // In a cluster, what is asked on one node holds for all. A screen whose questions all depend on answers that were not
            // given is not gone to.
            var shown = Profile.Clustered ? screens.Screens : [.. screens.For(Profile)];
            return [.. taskScreens, .. shown.Where(s => (wanted.IsEmpty || wanted.Contains(s.Id)) && Fields(s).Any())];
        }
    }

    /// <summary>The settings; null while anything is wrong.</summary>
    public GatewaySettings? Settings => Judged.Settings;

    /// <summary>The answers: what was typed, and what this host answers by itself. Passwords stand in them by reference.</summary>
    public Answers Answers => Judged.Answers;

    /// <summary>Everything that is wrong or worth knowing.</summary>
    public ImmutableArray<Finding> Findings => Judged.Findings;

    /// <summary>Typed passwords by the file that the answers name for them. One of a field that is not asked any more is not among
    /// them.</summary>
    public IEnumerable<(string File, Secret Secret)> Secrets =>
        Typed.Where(s => !Judged.Unasked.Contains(s.Path)).Select(s => (s.File, s.Secret));

    private IEnumerable<(string Path, string File, Secret Secret)> Typed =>
        screens
            .Fields.Where(f => secrets.TryGetValue(f.Path, out var typed) && IsUsable(typed))
            .Select(f => (f.Path, secretFile(f.Path), new Secret(secrets[f.Path].First)));

    private Profile Profile => Profile.Find(texts.GetValueOrDefault("system.profile", "standalone")) ?? Profile.Find("standalone")!;

    // Every field that can be typed into here.
    private IEnumerable<Field> AllFields => screens.Fields.Concat(OwnFields);

    private IEnumerable<Field> OwnFields => taskScreens.SelectMany(s => s.Fields).Where(f => !f.IsAnswer);

    private Judgement Judged => judgement ??= Judge();

    /// <summary>Fills in what is proposed to an operator for fields without an answer; each is there to be looked at and changed.</summary>
    public void Propose()
    {
        foreach (var field in screens.Fields)
            if (field.Propose is { } fact && !texts.ContainsKey(field.Path) && facts.Lookup(fact) is { } text)
                texts[field.Path] = FieldText.OfDefault(field, text);
        judgement = null;
    }

    /// <summary>The fields of a screen that are asked as the answers stand now.</summary>
    public IEnumerable<Field> Fields(Screen screen) =>
        screen.Task.Length > 0
            ? screen.Fields.Where(f => !f.IsAnswer || Resolver.Applies(f, Judged.Values))
            : screen.Fields.Where(f =>
                f.Path != "system.profile" && !asked.Contains(f.Path) && IsForHere(f) && Applies(f, Judged.Values, Judged.Others)
            );

    /// <summary>What stands in a field: what was typed, else its default.</summary>
    public string Text(Field field) =>
        texts.TryGetValue(field.Path, out var text) ? text
        : field.Kind.IsSecret && field.Kind.Name != "password" ? SecretText(field).First
        : Default(field);

    /// <summary>What stands in a field, by its path.</summary>
    public string Text(string path) => Text(AllFields.First(f => f.Path == path));

    /// <summary>Whether a field has an answer of its own rather than its default.</summary>
    public bool IsAnswered(Field field) =>
        texts.ContainsKey(field.Path) || references.ContainsKey(field.Path) || secrets.ContainsKey(field.Path);

    /// <summary>What a field holds without an answer; empty when nothing.</summary>
    public string Default(Field field)
    {
        if (field.Kind.IsSecret)
            return "";
        if (field.DefaultFrom is { } source && !source.StartsWith("facts.", StringComparison.Ordinal))
            return Text(screens.Fields.First(f => f.Path == source));
        return FieldText.OfDefault(field, (field.DefaultFrom is { } fact ? facts.Lookup(fact) : null) ?? field.Default ?? "");
    }

    /// <summary>Takes what was typed into a field. What equals the default is no answer of its own, and follows the default.</summary>
    public void Enter(Field field, string text)
    {
        // A secret that is shown while it is typed, such as a join code, is kept with the others.
        if (field.Kind.IsSecret)
            EnterSecret(field, text, text);
        else if (text == Default(field))
            texts.Remove(field.Path);
        else
            texts[field.Path] = text;
        judgement = null;
    }

    /// <summary>The cursor has left the field: an emptied one gets its default back.</summary>
    public void Settle(Field field)
    {
        if (!texts.TryGetValue(field.Path, out var text) || FieldText.ToNode(field, text) is not null)
            return;
        texts.Remove(field.Path);
        judgement = null;
    }

    /// <summary>Takes a password, typed twice. Nothing in both means that nothing was typed.</summary>
    public void EnterSecret(Field field, string first, string second)
    {
        if (first.Length == 0 && second.Length == 0)
            secrets.Remove(field.Path);
        else
            secrets[field.Path] = new TypedSecret(first, second);
        judgement = null;
    }

    /// <summary>Forgets a password that stands elsewhere, or was typed: the field is as if it was never answered.</summary>
    public void ForgetSecret(Field field)
    {
        references.Remove(field.Path);
        secrets.Remove(field.Path);
        judgement = null;
    }

    /// <summary>What was typed into a password field, for the widgets that hold it.</summary>
    public (string First, string Second) SecretText(Field field) =>
        secrets.TryGetValue(field.Path, out var typed) ? (typed.First, typed.Second) : ("", "");

    /// <summary>What a password field stands for, in words; never the password.</summary>
    public string SecretState(Field field) =>
        secrets.TryGetValue(field.Path, out var typed) ? (IsUsable(typed) ? "typed in" : "the two differ")
        : references.TryGetValue(field.Path, out var reference) ? ReferenceText(reference)
        : field.Default == "generate"
            ? lost.Contains(field.Path) ? "what you typed was not kept; will be generated"
                : "will be generated"
        : lost.Contains(field.Path) ? "what you typed was not kept"
        : "none";

    /// <summary>The findings of a field, the worst first.</summary>
    public IEnumerable<Finding> FindingsOf(Field field) =>
        Findings
            .Where(f =>
                f.Path == field.Path
                || f.Path.StartsWith(field.Path + "[", StringComparison.Ordinal)
                || f.Path.StartsWith(field.Path + ".", StringComparison.Ordinal)
            )
            .OrderByDescending(f => f.Severity);

    /// <summary>Whether a screen holds an error.</summary>
    public bool HasErrors(Screen screen) =>
        Fields(screen).Any(f => FindingsOf(f).Any(x => x.Severity == Severity.Error))
        || (
            screen.Task.Length == 0
            && Findings.Any(f =>
                f.Severity == Severity.Error && !asked.Contains(f.Path) && f.Path.StartsWith(screen.Id + ".", StringComparison.Ordinal)
            )
        );

    /// <summary>Everything typed but passwords, to go on with another time.</summary>
    public Draft Save(Draft draft) =>
        draft with
        {
            HadSecrets = secrets.Count > 0,
            SecretFields = [.. secrets.Keys],
            Texts = texts.ToImmutableSortedDictionary(StringComparer.Ordinal),
            References = references.ToImmutableSortedDictionary(
                r => r.Key,
                r => $"{r.Value.Entries[0].Key} {((Scalar)r.Value.Entries[0].Value).Text}",
                StringComparer.Ordinal
            ),
        };

    /// <summary>Goes on with what was typed before.</summary>
    public void Restore(Draft draft)
    {
        texts.Clear();
        references.Clear();
        lost = draft.SecretFields.IsDefault ? [] : [.. draft.SecretFields];
        foreach (var field in AllFields)
        {
            if (draft.Texts.TryGetValue(field.Path, out var text))
                texts[field.Path] = text;
            if (draft.References.TryGetValue(field.Path, out var reference) && reference.Split(' ', 2) is [var key, var value])
                references[field.Path] = Reference(key, value);
        }

        judgement = null;
    }

    /// <summary>Passwords typed so far by field path, for an operator who wants them kept.</summary>
    public ImmutableSortedDictionary<string, string> SaveSecrets() =>
        secrets.Where(s => IsUsable(s.Value)).ToImmutableSortedDictionary(s => s.Key, s => s.Value.First, StringComparer.Ordinal);

    /// <summary>Takes passwords that were kept.</summary>
    public void RestoreSecrets(IReadOnlyDictionary<string, string> kept)
    {
        foreach (var field in AllFields.Where(f => f.Kind.IsSecret))
            if (kept.TryGetValue(field.Path, out var secret))
                secrets[field.Path] = new TypedSecret(secret, secret);
        judgement = null;
    }

    private void Take(Field field, Node node)
    {
        if (field.Kind.Name != "password")
            texts[field.Path] = FieldText.Of(field, node);
        else if (node is Scalar plain)
            secrets[field.Path] = new TypedSecret(plain.Text, plain.Text);
        // One that is to be asked for is asked here, and one that is to be generated is the same as none.
        else if (node is Mapping { Entries: [{ Key: "file" or "env" or "hash" or "sealed", Value: Scalar }] } reference)
            references[field.Path] = reference;
    }

    private Judgement Judge()
    {
        var answers = new Answers("setup", Nodes().ToImmutableSortedDictionary(n => n.Path, n => n.Node, StringComparer.Ordinal));
        var things = look(Probe.For(screens, answers)).ToBuilder();
        foreach (var (_, file, secret) in Typed)
            things[(WantedKind.File, file)] = new Found([.. Encoding.UTF8.GetBytes(secret.Reveal())]);
        var report = new Report();
        var settings = Resolver.Resolve(screens, answers, new Inputs(facts, true, things.ToImmutable()), report, out var values);
        var others =
            Task.AsksSettings && Profile.Clustered
                ? OtherDuties.Judge(screens, Profile, answers, new Inputs(facts, true, things.ToImmutable()), report)
                : null;
        var findings = report
            .Where(f => f.Code != "not-used")
            .Select(f => OperatorWords.Of(f, screens))
            .Concat(TypingProblems(values, others))
            .Concat(TaskProblems())
            .ToImmutableArray();
        // A task without settings keeps only the findings of the fields that it asks; the settings come from the cluster.
        if (!Task.AsksSettings)
            (findings, settings) = ([.. findings.Where(f => asked.Contains(f.Path.Split('[')[0]))], null);
        if (settings is not null && SessionGuard.Judge(settings, facts.Session) is { } cutOff)
            findings = findings.Add(
                new Finding(
                    Severity.Error,
                    "session-cut-off",
                    cutOff.Contains("system.ssh_port", StringComparison.Ordinal) ? "system.ssh_port" : "system.admin_networks",
                    OperatorWords.Capital(cutOff)
                )
            );
        // A password for something that was switched off again stays in the form, and goes nowhere else.
        var unasked = screens
            .Fields.Where(f => secrets.ContainsKey(f.Path) && !Applies(f, values, others))
            .Select(f => f.Path)
            .ToImmutableHashSet(StringComparer.Ordinal);
        answers = new Answers(answers.File, answers.Values.RemoveRange(unasked));
        return new Judgement(answers, findings, findings.Any(f => f.Severity == Severity.Error) ? null : settings, values, others, unasked);
    }

    // The registry knows the members. Only a node with the encryption key can seal a password for the others.
    private bool IsForHere(Field field) =>
        !Profile.Clustered
            ? !field.Clustered
            : !EffectiveAnswers.FromRegistry.Contains(field.Path)
                && (field.Kind.Name != "password" || NodeDuties.NeedsEncryptionKey(Profile.Name));

    // Whether a field is asked: for this node, or for others, in a cluster.
    private static bool Applies(Field field, ValueSet values, ValueSet? others) =>
        values.Serves(field)
            ? Resolver.Applies(field, values)
            : others is not null && field.Scope == FieldScope.Cluster && Resolver.Applies(field, others);

    private IEnumerable<(string Path, Node Node)> Nodes()
    {
        foreach (var field in screens.Fields)
        {
            var text =
                texts.TryGetValue(field.Path, out var typed) ? typed
                : field.DefaultFrom?.StartsWith("facts.", StringComparison.Ordinal) == true ? Default(field)
                : null;
            var node =
                field.Kind.Name != "password" ? (text is null ? null : FieldText.ToNode(field, text))
                : secrets.TryGetValue(field.Path, out var secret) ? (IsUsable(secret) ? Reference("file", secretFile(field.Path)) : null)
                : references.GetValueOrDefault(field.Path);
            if (node is not null)
                yield return (field.Path, node);
        }
    }

    private IEnumerable<Finding> TaskProblems() =>
        TaskRules.Judge(Task, Text).Concat(OwnFields.Select(f => TaskRules.Judge(f, Text(f))).OfType<Finding>());

    // What only a wizard can see: a row of too many words, a password not typed twice alike.
    private IEnumerable<Finding> TypingProblems(ValueSet values, ValueSet? others)
    {
        // A field that is no longer asked cannot be corrected, so it has no problems.
        foreach (var field in screens.Fields.Where(f => Applies(f, values, others)))
        {
            if (texts.TryGetValue(field.Path, out var text))
                foreach (var (line, problem) in FieldText.Problems(field, text))
                    yield return new Finding(Severity.Error, "too-many-words", $"{field.Path}[{line + 1}]", OperatorWords.Capital(problem));
            if (secrets.TryGetValue(field.Path, out var typed) && !IsUsable(typed))
                yield return new Finding(
                    Severity.Error,
                    "password-mismatch",
                    field.Path,
                    typed.Second.Length == 0 ? "Type the password a second time below." : "The two passwords are not the same."
                );
        }
    }

    private static bool IsUsable(TypedSecret typed) => typed.First == typed.Second;

    private static Mapping Reference(string key, string value)
    {
        var origin = new Origin("setup", 1, 1);
        return new Mapping(origin, [new Entry(key, origin, new Scalar(origin, value, true))]);
    }

    private static string ReferenceText(Mapping reference) =>
        (reference.Entries[0].Key, reference.Entries[0].Value) switch
        {
            ("file", Scalar path) => $"unchanged, in {path.Text}",
            ("sealed", Scalar) => "unchanged, kept by the cluster",
            ("env", Scalar name) => $"unchanged, in the variable {name.Text}",
            _ => "unchanged, as a hash",
        };
}
