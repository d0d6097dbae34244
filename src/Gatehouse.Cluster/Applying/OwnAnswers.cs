using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Applying;

/// <summary>
/// The answer file of a host that joins: what differs on it from the cluster's answers. It is judged before anybody is
/// asked, so that a mistake in it costs no join code.
/// </summary>
internal static class OwnAnswers
{
    // What is wrong with a value whatever the cluster's answers are. The rest is judged when those are here.
    private static readonly ImmutableHashSet<string> ByItself =
    [
        "bad-value",
        "wrong-type",
        "given-twice",
        "file-missing",
        "too-many",
        "unknown-key",
        "secret-exposed",
        "address-unusable",
    ];

    /// <summary>Reads a file's bytes, with everything that is wrong with them.</summary>
    /// <param name="file">The file's name, for findings.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="isOwnerOnly">Whether nobody else can read it.</param>
    /// <param name="profile">The profile that the host is to have; empty when that is not known yet.</param>
    /// <param name="screens">The questions there are.</param>
    /// <param name="machine">The host.</param>
    /// <param name="facts">What is known of it.</param>
    public static (Answers Answers, Report Report) Read(
        string file,
        ReadOnlySpan<byte> bytes,
        bool isOwnerOnly,
        string profile,
        ScreenSet screens,
        LocalMachine machine,
        Facts facts
    )
    {
        var report = new Report();
        var answers = AnswerFile.Read(file, bytes, screens, report);
        foreach (var path in EffectiveAnswers.FromRegistry)
            if (answers[path] is { } given)
                report.Error("from-cluster", path, "a host that joins has this from the cluster; take it away.", given.Origin);
        if (profile.Length > 0 && answers["system.profile"] is Scalar other && other.Text != profile)
            report.Error(
                "profile",
                "system.profile",
                $"the join code is for profile {profile}; take this away, or have a code made for {Printable(other.Text)}.",
                other.Origin
            );
        foreach (var field in screens.Fields.Where(f => f.Kind.Name == "password"))
            JudgePassword(field, answers, report);

        var whole = answers with
        {
            Values = answers.Values.SetItem(
                "system.profile",
                new Scalar(new Origin("join", 1, 1), profile.Length > 0 ? profile : "full", true)
            ),
        };
        var judged = new Report();
        Resolver.Resolve(
            screens,
            whole,
            new Inputs(facts, isOwnerOnly, WantedReader.Read(Probe.For(screens, whole), machine, null)),
            judged
        );
        report.AddRange(judged.Where(f => f.Severity == Severity.Error && f.Origin?.File == file && ByItself.Contains(f.Code)));
        return (answers, report);
    }

    /// <summary>A finding about composed answers, with the place where the host's own answer was written.</summary>
    /// <param name="finding">The finding.</param>
    /// <param name="own">The host's own answers.</param>
    public static Finding Placed(Finding finding, Answers? own)
    {
        var bracket = finding.Path.IndexOf('[', StringComparison.Ordinal);
        if (own?[bracket < 0 ? finding.Path : finding.Path[..bracket]] is not { } node)
            return finding;
        if (
            bracket > 0
            && node is Sequence list
            && finding.Path.IndexOf(']', bracket) is > 0 and var end
            && int.TryParse(
                finding.Path.AsSpan(bracket + 1, end - bracket - 1),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var item
            )
            && item >= 1
            && item <= list.Items.Length
        )
            node = list.Items[item - 1];
        return finding with { Origin = node.Origin };
    }

    // A host's own answers are kept in the registry, where a password would lie open; and nobody is there to be asked.
    private static void JudgePassword(Field field, Answers answers, Report report)
    {
        if (answers[field.Path] is not { } node)
            return;
        if (node is Scalar)
            report.Error(
                "secret-travels",
                field.Path,
                "a host's own answers are kept in the cluster's registry as they are written; give a password of its own as {file: PATH}.",
                node.Origin
            );
        else if (node is Mapping { Entries: [{ Key: "prompt" }] })
            report.Error(
                "prompt-without-terminal",
                field.Path,
                "nobody is asked for passwords while a host joins; give it as {file: PATH}.",
                node.Origin
            );
    }

    private static string Printable(string text) => new([.. text.Where(c => !char.IsControl(c)).Take(40)]);
}
