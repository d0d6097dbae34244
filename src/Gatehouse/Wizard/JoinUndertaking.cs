using System.Collections.Immutable;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>This host joins a cluster, or goes on joining one.</summary>
internal sealed class JoinUndertaking : Undertaking
{
    private readonly SetupSession session;
    private readonly JoiningHost host;
    private readonly string cluster;
    private readonly Func<JoinSequence, CancellationToken, Task<JoinGrant>> enrol;
    private JoinGrant? grant;
    private ClusterPicture? picture;

    private JoinUndertaking(
        SetupSession session,
        JoiningHost host,
        string cluster,
        IEnumerable<ReviewLine> lines,
        Func<JoinSequence, CancellationToken, Task<JoinGrant>> enrol,
        string obstacle = ""
    )
    {
        Obstacle = obstacle;
        (this.session, this.host, this.cluster, this.enrol) = (session, host, cluster, enrol);
        WhatHappens = [.. lines];
    }

    /// <summary>Finds the cluster, compares its CA with the code, and asks whether joining would succeed; nothing is changed.</summary>
    /// <exception cref="SequenceException">Nobody answers, somebody else does, or the code is refused.</exception>
    public static async Task<JoinUndertaking> PrepareAsync(SetupSession session, Answered answered, CancellationToken ct)
    {
        var sequence = new JoinSequence(session.Machine, session.Clock, new ApplyRun());
        var ticket = JoinTicket.Typed(answered.Text("join.address"), answered.Text("join.code"));
        var address = Addresses.TryParse(answered.Text("system.address"), out var typed)
            ? typed
            : throw new SequenceException(ExitCodes.BadInput, $"'{answered.Text("system.address")}' is not an address.");
        var host = new JoiningHost(answered.Text("system.name"), address, answered.Text("system.location"), Nothing);
        var (trust, issuer, introduction) = await sequence.MeetAsync(ticket.Members, ticket.Code, ct);
        // A code that an interrupted join has used is still good for the key of that join, and only enrolling shows the key.
        var outlook = sequence.IsUnderWay
            ? new JoinOutlook([], [], sequence.Replaced(session.Facts))
            : await sequence.LookAsync(trust, issuer, ticket.Code, host, session.Facts, ct);
        var profile = Profile.Find(outlook.Profile);
        var packages = profile is null ? [] : Shipped.Templates(session.Machine.Real(Shipped.SiteTemplates)).PackagesOf(profile);
        var meeting = new JoinMeeting(introduction.Name, issuer.ToString(), ticket.Code.Pin, host, outlook, packages);
        return new JoinUndertaking(
            session,
            host,
            introduction.Name,
            meeting.Lines(session.Screens),
            (s, stop) => s.EnrolAsync(trust, issuer, ticket.Code, host, stop),
            outlook.Refusal
        )
        {
            picture = meeting.Picture,
        };
    }

    /// <summary>Goes on with a join that has its certificate already.</summary>
    public static JoinUndertaking GoOn(SetupSession session)
    {
        var (grant, host) =
            new JoinSequence(session.Machine, session.Clock, new ApplyRun()).Interrupted
            ?? throw new SequenceException(
                ExitCodes.Refused,
                "the join that was started here has already ended. 'gatehouse status' shows whether this host is a member."
            );
        return new JoinUndertaking(
            session,
            host,
            grant.View.Cluster.Name,
            [
                new ReviewLine(
                    $"This host has its certificate as node {grant.Number} of the cluster {grant.View.Cluster.Name}: {host.Name} at "
                        + $"{host.Address}."
                ),
                new ReviewLine(
                    "The cluster's settings are applied to it, including the networks that may reach SSH. If a check or a verification "
                        + "fails, everything is rolled back."
                ),
            ],
            (_, _) => Task.FromResult(grant)
        )
        {
            picture = ClusterPicture.Of(grant.View, grant.Number),
        };
    }

    /// <inheritdoc/>
    public override IEnumerable<ReviewLine> WhatHappens { get; }

    /// <inheritdoc/>
    public override string Obstacle { get; }

    /// <inheritdoc/>
    public override ClusterPicture? Picture => picture;

    /// <inheritdoc/>
    public override string Question =>
        $"This host becomes a member of the cluster {cluster}, and the cluster's settings replace its present ones.";

    /// <inheritdoc/>
    public override ApplyRun Begin() =>
        SequenceRun.Begin(
            async (log, ct) =>
            {
                var sequence = new JoinSequence(session.Machine, session.Clock, log);
                grant = await enrol(sequence, ct);
                await sequence.BecomeAsync(grant, host, ct);
            },
            () => new ClusterFiles(session.Machine).Node is not null
        );

    /// <inheritdoc/>
    public override string State(ApplyResult result) =>
        result.Outcome == Outcome.Broken ? SequenceRun.Unfinished
        : new ClusterFiles(session.Machine).Read(JoinSequence.Granted) is not null
            ? $"{base.State(result)} The certificate is kept, and a retry uses it."
        : base.State(result);

    /// <inheritdoc/>
    public override string Done(ApplyRun run, ApplyResult result) =>
        $"Done in {run.Elapsed:m\\:ss}: {host.Name} is node {grant?.Number} of the cluster {cluster}.";

    /// <inheritdoc/>
    public override IEnumerable<string> NextSteps =>
        [
            "'gatehouse status' on any member shows all members.",
            "'gatehouse setup' on any member changes settings for the whole cluster.",
            "'gatehouse verify' checks at any time that this node works.",
        ];

    private static Answers Nothing { get; } = new("join", ImmutableSortedDictionary<string, Core.Yaml.Node>.Empty);
}
