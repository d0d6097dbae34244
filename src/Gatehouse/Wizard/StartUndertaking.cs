using Gatehouse.Cluster.Founding;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>A cluster is started on this host.</summary>
internal sealed class StartUndertaking : Undertaking
{
    private readonly SetupSession session;
    private readonly Answered answered;
    private readonly Preview preview;
    private readonly IReadOnlyList<string> warnings;
    private readonly string name;
    private ClusterKeys? keys;

    private StartUndertaking(SetupSession session, Answered answered, Preview preview, IReadOnlyList<string> warnings)
    {
        (this.session, this.answered, this.preview, this.warnings) = (session, answered, preview, warnings);
        name = answered.Text("cluster.name");
    }

    /// <summary>Works out what would happen.</summary>
    /// <exception cref="SequenceException">No cluster can be started here.</exception>
    public static async Task<StartUndertaking> PrepareAsync(
        SetupSession session,
        Answered answered,
        GatewaySettings settings,
        string text,
        CancellationToken ct
    )
    {
        // In a tree there is nothing to ask; the test that looks at the page there starts nothing.
        var (refusal, warnings) = session.Machine.IsLive
            ? new BootstrapSequence(session.Machine, session.Clock, new ApplyRun()).Judge(settings, session.Facts)
            : (null, [.. Core.Clusters.PlacementRules.Warnings([(settings.System.Profile.Name, settings.System.Location)])]);
        if (refusal is not null)
            throw new SequenceException(ExitCodes.Refused, refusal);
        var name = answered.Text("cluster.name");
        return new StartUndertaking(
            session,
            answered,
            await session.PreviewAsync(settings, text, ct, StandIn(name, settings, session.Clock.GetUtcNow())),
            warnings
        );
    }

    /// <inheritdoc/>
    public override IEnumerable<ReviewLine> WhatHappens
    {
        get
        {
            yield return new ReviewLine($"This host becomes the first node of a new cluster, {name}.");
            yield return new ReviewLine(
                "Created for it: a root CA and an issuing CA, this node's certificate, the master token, the encryption key, and the "
                    + "cluster's registry in PostgreSQL."
            );
            foreach (var warning in warnings)
                yield return new ReviewLine($"! {warning}", ReviewLook.Wrong);
            foreach (var refusal in preview.Refusals)
                yield return new ReviewLine($"!! This apply would be refused: {refusal}", ReviewLook.Wrong);
            foreach (var line in PlanWords.Of(preview.Plan, preview.Node))
                yield return new ReviewLine(line);
            yield return new ReviewLine("Keys and certificates are created when you confirm; 'Files' shows placeholders for them.");
            if (preview.Recovered)
                yield return new ReviewLine(PlanWords.Recovered);
            if (session.Replaced() is { } replaced)
                yield return new ReviewLine(replaced);
        }
    }

    /// <inheritdoc/>
    public override Preview Preview => preview;

    /// <inheritdoc/>
    public override ClusterPicture Picture => ClusterPicture.Of(preview.Settings, name) with { Issuer = preview.Settings.Cluster.Id };

    /// <inheritdoc/>
    public override string Question =>
        $"This host starts the cluster {name}. If a check or a verification fails, the host is rolled back. Afterwards the keys are shown "
        + $"once: be ready to store them.";

    /// <inheritdoc/>
    public override ApplyRun Begin() =>
        SequenceRun.Begin(
            async (log, ct) =>
            {
                var made = await session.SealingAsync(
                    answered.Secrets,
                    () => new BootstrapSequence(session.Machine, session.Clock, log).RunAsync(name, answered.Answers, preview.Settings, ct)
                );
                keys = new ClusterKeys(session.Machine, name, made.Fingerprint, made.MasterToken, made.EncryptionKey);
            },
            () => new ClusterFiles(session.Machine).Node is not null
        );

    /// <inheritdoc/>
    public override string State(ApplyResult result) => result.Outcome == Outcome.Broken ? SequenceRun.Unfinished : base.State(result);

    /// <inheritdoc/>
    public override string Done(ApplyRun run, ApplyResult result) =>
        $"Done in {run.Elapsed:m\\:ss}: the cluster {name} is running, and {preview.Settings.System.Name} is its first node.";

    /// <inheritdoc/>
    public override IEnumerable<string> NextSteps =>
        [
            .. Gatehouse.Wizard.NextSteps.Of(session, preview),
            "Add further nodes now, or at any time with 'gatehouse setup'; 'gatehouse status' shows them.",
        ];

    /// <inheritdoc/>
    public override ClusterKeys? Keys => keys;

    // The same in number and size as what will be made; it is thrown away with the review.
    private static ClusterMaterial StandIn(string name, GatewaySettings settings, DateTimeOffset now)
    {
        var made = NewTrust.Make(name, settings.System.Name, settings.System.Address, now);
        return new ClusterMaterial(
            new CertifiedKey(new Secret(made.NodeKey), made.Node.Pem),
            made.Root,
            made.RevocationLists.Root + made.RevocationLists.Issuing,
            new CertifiedKey(new Secret(made.IssuingKey), made.Issuing)
        )
        {
            ClusterId = new string('0', 32),
            Seat = QuorumSeat.Founder(settings.System.Name),
        };
    }
}
