using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>The settings are put in place: on a host by itself, or through a member for its whole cluster.</summary>
/// <param name="session">What it works on.</param>
/// <param name="answered">The answers.</param>
/// <param name="preview">What would change.</param>
internal sealed class ApplyUndertaking(SetupSession session, Answered answered, Preview preview) : Undertaking
{
    /// <inheritdoc/>
    public override IEnumerable<ReviewLine> WhatHappens
    {
        get
        {
            foreach (var refusal in preview.Refusals)
                yield return new ReviewLine($"!! This apply would be refused: {refusal}", ReviewLook.Wrong);
            foreach (var line in PlanWords.Of(preview.Plan, preview.Node))
                yield return new ReviewLine(line);
            if (preview.Recovered)
                yield return new ReviewLine(PlanWords.Recovered);
            if (session.Replaced() is { } replaced)
                yield return new ReviewLine(replaced);
        }
    }

    /// <inheritdoc/>
    public override Preview Preview => preview;

    /// <inheritdoc/>
    public override ClusterPicture? Picture =>
        preview.Settings.Cluster.Peers.IsEmpty
            ? null
            : ClusterPicture.Of(preview.Settings, preview.Settings.Cluster.Name, ViewCache.Read(session.Machine.Real(ViewCache.Path)));

    /// <inheritdoc/>
    public override bool IsNothing => preview.Plan.IsEmpty;

    /// <inheritdoc/>
    public override string Question => $"{PlanWords.MailInterruption(preview.Plan)} If anything fails, everything is rolled back.";

    /// <inheritdoc/>
    public override ApplyRun Begin() => session.Apply(preview, answered.Secrets);

    /// <inheritdoc/>
    public override string Done(ApplyRun run, ApplyResult result) =>
        session.Machine.IsLive
            ? $"Done in {run.Elapsed:m\\:ss}: generation {result.Generation?.Number} is in place and verified."
            : $"Done: generation {result.Generation?.Number} is in place in the tree; no services run there to verify.";

    /// <inheritdoc/>
    public override IEnumerable<string> NextSteps =>
        [
            .. Gatehouse.Wizard.NextSteps.Of(session, preview),
            .. session.Machine.IsLive && preview.Settings.Mta is not null
                ? [$"Mail is accepted at {preview.Settings.System.Address}, port 25."]
                : Array.Empty<string>(),
            "'gatehouse verify' checks at any time that it works; 'gatehouse rollback' undoes this change.",
        ];
}
