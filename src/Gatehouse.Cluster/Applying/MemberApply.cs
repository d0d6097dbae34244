using System.Collections.Immutable;
using System.Text;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quorum;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Applying;

/// <summary>Brings this host to what it is to be as a member: cluster answers, own answers and peers, through the same line as everything
/// else.</summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class MemberApply(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private const string Comment =
        "This node's part of the cluster's settings, composed by gatehouse. Change them with 'gatehouse setup' or 'gatehouse apply FILE'.";

    private readonly ScreenSet screens = Shipped.Screens();

    /// <summary>The screens.</summary>
    public ScreenSet Screens => screens;

    /// <summary>Reads answers that this program wrote.</summary>
    public Answers Read(string text, string name)
    {
        var report = new Report();
        var answers = AnswerFile.Read(name, Encoding.UTF8.GetBytes(text), screens, report);
        return report.HasErrors ? throw new SequenceException(ExitCodes.BadInput, string.Join('\n', report)) : answers;
    }

    /// <summary>Refuses the cluster's answers where they hold what no other member has to say on this host.</summary>
    /// <param name="cluster">The cluster's answers.</param>
    /// <param name="own">The node's own.</param>
    /// <param name="what">What they are, to begin the message.</param>
    /// <exception cref="SequenceException">They do.</exception>
    public void RequireShared(Answers cluster, Answers own, string what)
    {
        var refusals = SharedAnswers.Refusals(screens, cluster, own);
        if (!refusals.IsEmpty)
            throw new SequenceException(
                ExitCodes.BadInput,
                $"{what} will not do on this host:\n{string.Join('\n', refusals.Select(r => $"  {r}."))}"
            );
    }

    /// <summary>Writes answers as a file's text.</summary>
    public string Write(Answers answers) => AnswerWriter.Write(screens, answers);

    /// <summary>Resolves and renders a member.</summary>
    /// <param name="answers">Its answers, composed.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="own">The node's own answers among them: findings tell where those were written.</param>
    /// <exception cref="SequenceException">The answers will not do on this node.</exception>
    public async Task<(Pipeline Line, GatewaySettings Settings, RenderedNode Node)> RenderAsync(
        Answers answers,
        CancellationToken ct,
        Answers? own = null
    )
    {
        var text = AnswerWriter.Write(screens, answers, Comment);
        var line = new Pipeline(machine, clock, renders: true);
        var settings =
            line.Resolve("the cluster's settings", Encoding.UTF8.GetBytes(text), ownerOnly: true, prompt: null, isComposed: true)
            ?? throw new SequenceException(
                ExitCodes.BadInput,
                string.Join('\n', line.Report.Where(f => f.Severity == Severity.Error).Select(f => OwnAnswers.Placed(f, own)))
            );
        await new QuorumSequence(machine, clock, log).AdoptAsync(settings.System.Name, settings.System.Profile, ct);
        return (line, settings, await line.RenderAsync(settings, text, ct));
    }

    /// <summary>Applies what was rendered.</summary>
    public async Task<ApplyResult> ApplyAsync(Pipeline line, RenderedNode node, string reason, CancellationToken ct)
    {
        using var only = await ApplyLock.TakeAsync(machine.Real(GenerationStore.Home), Timeouts.Apply, ct);
        return await line.Applier(log).ApplyAsync(node, reason, ct);
    }

    /// <summary>The units that are to run on a node.</summary>
    public static ImmutableArray<string> Running(RenderedNode node) =>
        [
            .. node
                .Units.Where(u => u.Unit.Running && u.Unit.Name.EndsWith(".service", StringComparison.Ordinal))
                .Select(u => u.Unit.Name)
                .Distinct(),
        ];

    /// <summary>Fails with what went wrong, unless it went well.</summary>
    public static void Expect(ApplyResult result)
    {
        var (code, end) = result.Outcome switch
        {
            Outcome.Refused => (ExitCodes.Refused, "Nothing in place was changed."),
            Outcome.RolledBack => (ExitCodes.RolledBack, "This host was rolled back."),
            Outcome.Broken => (ExitCodes.Failed, ""),
            _ => (ExitCodes.Done, ""),
        };
        if (code != ExitCodes.Done)
            throw new SequenceException(code, $"{result.Problem}\n{end}".TrimEnd());
    }
}
