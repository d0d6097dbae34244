using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Joining;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Machines.Probes;

namespace Gatehouse.Cluster.Joining;

/// <summary>What a host says of itself when it joins.</summary>
/// <param name="Name">Its name; empty to take that of the code.</param>
/// <param name="Address">Where the others reach it.</param>
/// <param name="Location">Where it stands.</param>
/// <param name="Own">Answers of its own that differ from the cluster's.</param>
internal sealed record JoiningHost(string Name, IPAddress Address, string Location, Answers Own);

/// <summary>
/// Makes this host a member: first whom to trust, then whether all is well on both sides, then key and certificate, then
/// configuration. Nothing secret leaves before the issuer is known by the pinned CA, and nothing in place changes before the
/// certificate is here. Run again after an interruption, it goes on where it stopped.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class JoinSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    internal const string Granted = "/var/lib/gatehouse/cluster/pki/grant.json";
    private readonly ClusterFiles files = new(machine);
    private readonly MemberApply apply = new(machine, clock, log);

    /// <summary>Finds the issuer behind an address, and the CA that a code names by its key.</summary>
    /// <param name="address">The address of any member, HOST or HOST:PORT.</param>
    /// <param name="code">The code.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SequenceException">Nobody answers there, or somebody else does.</exception>
    public static async Task<(TrustStore Trust, HostPort Issuer, Introduction Introduction)> MeetAsync(
        HostPort address,
        JoinCode code,
        CancellationToken ct
    )
    {
        using var stranger = AgentClient.Stranger(address.Host, address.Port);
        var heard = await stranger.IntroductionAsync(ct);
        // Nobody vouches for it yet: anything can be in it, or missing.
        if (heard.Roots.IsDefaultOrEmpty)
            throw new SequenceException(
                ExitCodes.Refused,
                $"{address} shows no CA of a cluster. Nothing secret was sent. Check the address."
            );
        heard = heard with { Name = AgentClient.Printable(heard.Name ?? "") };
        var trust = TrustStore.Read(string.Join('\n', heard.Roots), "");
        if (!trust.Roots.Any(code.Pin.Matches))
            throw new SequenceException(
                ExitCodes.Refused,
                $"""
                {address} is not the cluster that the code is for, or somebody stands between. Nothing secret was sent.
                  the code asks for a CA with the key {code.Pin}
                  {address} has                       {string.Join(", ", trust.Roots.Select(Pin.Of))}
                Check the address and the code; if both are right, find out who answers there.
                """
            );
        // During a rotation two are told; only the one that the code names is believed here.
        var believed = TrustStore.Read(trust.Roots.First(code.Pin.Matches).ExportCertificatePem(), "");
        return (believed, HostPort.TryParse(heard.Issuer ?? "", MemberTls.Port, out var issuer) ? issuer : address, heard);
    }

    /// <summary>The same for several members: the first that answers is the one. Who answers and is another cluster ends it.</summary>
    /// <param name="members">Where they are.</param>
    /// <param name="code">The code.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SequenceException">Nobody answers, or somebody else does.</exception>
    public async Task<(TrustStore Trust, HostPort Issuer, Introduction Introduction)> MeetAsync(
        ImmutableArray<HostPort> members,
        JoinCode code,
        CancellationToken ct
    )
    {
        if (members is [var only])
            return await MeetAsync(only, code, ct);
        foreach (var member in members)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Timeouts.Connect);
            try
            {
                return await MeetAsync(member, code, limit.Token);
            }
            catch (Exception e) when (e is AgentException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                log.Note($"  {(e is AgentException ? e.Message : $"{member} does not answer in {Timeouts.Connect.TotalSeconds:0} s")}");
            }
        }

        throw new SequenceException(
            ExitCodes.Failed,
            $"none of the members answers: {string.Join(", ", members)}. Nothing was changed. Check that this host reaches one of them on "
                + $"its port."
        );
    }

    /// <summary>A join that was interrupted after this host had got its certificate; null when there is none.</summary>
    public (JoinGrant Grant, JoiningHost Host)? Interrupted =>
        Kept() is { Host: { } host } kept
            ? (kept.Grant, new JoiningHost(host.Name, host.Address, host.Location, apply.Read(host.Answers, "this host's own answers")))
            : null;

    /// <summary>Whether a join was begun here before; it may have used its code already, and is known by its key.</summary>
    public bool IsUnderWay => files.ReadTrust("node.key") is not null && !IsBootstrapLeft;

    // What a bootstrap made that did not come to its end is no part of a join.
    private bool IsBootstrapLeft => files.Read(ClusterFiles.MasterToken) is not null;

    /// <summary>Whether a join got its certificate here and was not told to the issuer as finished.</summary>
    public bool IsUnfinished => files.Read(Granted) is not null;

    /// <summary>
    /// Looks whether joining would succeed, on both sides and on the way to every member, and what it would replace. All findings
    /// come at once; nothing is changed.
    /// </summary>
    /// <param name="trust">The CA that the code names.</param>
    /// <param name="issuer">The issuer.</param>
    /// <param name="code">The code.</param>
    /// <param name="host">What this host is to be.</param>
    /// <param name="facts">What is known of it.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<JoinOutlook> LookAsync(
        TrustStore trust,
        HostPort issuer,
        JoinCode code,
        JoiningHost host,
        Facts facts,
        CancellationToken ct
    )
    {
        var state = Look(facts);
        var findings = HostRules.Judge(state, host.Address, code.Pin);
        JoinAnswer answer;
        try
        {
            answer = await SendAsync(trust, issuer, code, host, "", ct);
        }
        catch (SequenceException e)
        {
            return new JoinOutlook(findings.Add(new JoinFinding(true, JoinOutlook.Refused, e.Message)), [], []);
        }

        var links = await LinkProbe.MeasureAsync(answer.Members ?? [], ct);
        var poor = LinkRules.Warnings(answer.Profile ?? "", links).Select(w => new JoinFinding(false, "link", w));
        return new JoinOutlook([.. findings, .. answer.Findings, .. poor], links, [.. HostRules.Replaced(state, answer.Profile ?? "")])
        {
            Profile = answer.Profile ?? "",
            Name = answer.Name ?? host.Name,
        };
    }

    /// <summary>What joining would replace on this host.</summary>
    /// <param name="facts">What is known of it.</param>
    public ImmutableArray<string> Replaced(Facts facts) => [.. HostRules.Replaced(Look(facts), "")];

    // What a join that was cut off has put here is not replaced by going on with it.
    private HostState Look(Facts facts)
    {
        var state = HostStateProbe.Look(machine, facts, MemberTls.Port);
        return state with { HasEncryptionKey = state.HasEncryptionKey && !IsUnderWay };
    }

    private async Task ForgetBootstrapAsync(CancellationToken ct)
    {
        foreach (var name in await machine.ListAsync(ClusterFiles.Trust, ct))
            if (name != "lock")
                await files.RemoveAsync($"{ClusterFiles.Trust}/{name}", ct);
        foreach (
            var path in new[]
            {
                ClusterFiles.SealedRootKey,
                ClusterFiles.EncryptionKey,
                ClusterFiles.EncryptionKeyToGive,
                ClusterFiles.MasterToken,
            }
        )
            await files.RemoveAsync(path, ct);
    }

    /// <summary>Gets the certificate and everything else that a member needs. Asked again, the issuer gives the same.</summary>
    public async Task<JoinGrant> EnrolAsync(TrustStore trust, HostPort issuer, JoinCode code, JoiningHost host, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeFirstAsync(machine, ct);
        if (!IsUnfinished && files.Node is { IsMember: true } there)
            throw new SequenceException(
                ExitCodes.Refused,
                $"this host became node {there.Number} of the cluster {there.ClusterName} just now. 'gatehouse status' shows it."
            );
        if (Kept() is { } kept && kept.Code == code.Id)
            return kept.Grant;
        log.Note("Getting the certificate");
        if (IsBootstrapLeft)
            await ForgetBootstrapAsync(ct);
        var pem = files.ReadTrust("node.key");
        using var key = pem is null ? NewTrust.NewKey() : ECDsa.Create();
        if (pem is not null)
            key.ImportFromPem(pem);
        else
            await files.WriteTrustAsync("node.key", key.ExportPkcs8PrivateKeyPem() + "\n", ct);
        var answer = await SendAsync(trust, issuer, code, host, SigningRequest.Make(key), ct);
        if (answer.Grant is not { } grant)
            throw new SequenceException(ExitCodes.Refused, string.Join('\n', answer.Findings.Where(f => f.IsError).Select(f => f.Message)));
        host = Named(host, grant);
        await files.WriteTrustAsync("node.crt", grant.Certificate, ct);
        await files.WriteViewAsync(grant.View, ct);
        await files.WriteTrustAsync(
            "grant.json",
            JsonSerializer.Serialize(
                new KeptGrant(code.Id, grant, new KeptHost(host.Name, host.Address, host.Location, apply.Write(host.Own))),
                JoinJson.Default.KeptGrant
            ),
            ct
        );
        return grant;
    }

    /// <summary>Makes this host what it is to be, and tells the issuer.</summary>
    public async Task<ClusterNode> BecomeAsync(JoinGrant grant, JoiningHost host, CancellationToken ct)
    {
        // The agent wakes the unit that follows as soon as it runs; that waits until this host is a member.
        using var alone = await ClusterLock.TakeFirstAsync(machine, ct);
        log.Note("Setting up this host as a member");
        host = Named(host, grant);
        var own = host.Own with { Values = host.Own.Values.SetItems(Own(grant, host)) };
        await OpenSecretsAsync(grant, ct);
        var me = grant.View.Node(grant.Number)!;
        var cluster = apply.Read(grant.Settings, "the cluster's settings");
        apply.RequireShared(cluster, own, $"settings version {grant.SettingsVersion}, which are the cluster's,");
        var composed = EffectiveAnswers.Compose(cluster, own, grant.View, grant.Number);
        var (line, _, node) = await apply.RenderAsync(composed, ct, own);
        // The agent starts with the rest and looks for this first.
        await files.WriteNodeAsync(LocalRecord.Of(grant.View, me, 0, "", []), ct);
        await files.WriteSeenAsync(grant.View, ct);
        var isThere = false;
        ApplyResult result;
        try
        {
            result = await apply.ApplyAsync(line, node, "join", ct);
            isThere = result.Outcome is Outcome.Applied or Outcome.Nothing;
        }
        finally
        {
            if (!isThere)
                await files.RemoveAsync(LocalNode.Path, CancellationToken.None);
        }

        MemberApply.Expect(result);
        await files.WriteNodeAsync(
            LocalRecord.Of(grant.View, me, grant.SettingsVersion, grant.View.Fingerprint(), MemberApply.Running(node)),
            ct
        );

        log.Note("Telling the issuer");
        using var credentials = Credentials.Read();
        var issuer = grant.View.Node(grant.View.Cluster.Issuer)!;
        using var client = AgentClient.Member(credentials, issuer, clock);
        await client.ReadyAsync(new ReadyRequest(apply.Write(own)), ct);
        await files.RemoveAsync(Granted, ct);
        return me;
    }

    private async Task<JoinAnswer> SendAsync(
        TrustStore trust,
        HostPort issuer,
        JoinCode code,
        JoiningHost host,
        string request,
        CancellationToken ct
    )
    {
        using var echo = EchoListener.TryStart(
            IPAddress.IPv6Any.AddressFamily == host.Address.AddressFamily ? IPAddress.IPv6Any : IPAddress.Any,
            MemberTls.Port
        );
        using var client = AgentClient.Joining(trust, issuer.Host, issuer.Port, clock);
        var message = new JoinRequest
        {
            Protocol = JoinRequest.ThisProtocol,
            Release = Release.Version,
            Code = code.Id,
            Secret = code.Secret.Reveal(),
            Name = host.Name,
            Address = host.Address.ToString(),
            Port = MemberTls.Port,
            Location = host.Location,
            Clock = clock.GetUtcNow(),
            Users = MailUsers.Numbers(),
            EchoPort = echo?.Port ?? 0,
            Echo = echo?.Text ?? "",
            Request = request,
        };
        try
        {
            return await client.JoinAsync(message, ct);
        }
        catch (AgentException e) when (e.Refusal is not null)
        {
            throw new SequenceException(ExitCodes.Refused, e.Message, e);
        }
    }

    private async Task OpenSecretsAsync(JoinGrant grant, CancellationToken ct)
    {
        if (grant.EncryptionKey.Length == 0)
            return;
        if (!EncryptionKey.TryRead(grant.EncryptionKey, out var key, out var problem))
            throw new SequenceException(ExitCodes.Failed, $"the issuer gave an encryption key that cannot be read: {problem}.");
        await files.WriteSecretAsync(ClusterFiles.EncryptionKey, key.Text, ct);
        await OpenedSecrets.WriteAsync(
            machine,
            Core.Screens.Profile.Find(grant.View.Node(grant.Number)!.Profile)!,
            [.. grant.Secrets.Select(s => (s.Name, s.Text))],
            key,
            log,
            ct
        );
    }

    // What came before an interruption.
    private KeptGrant? Kept()
    {
        try
        {
            return files.Read(Granted) is { } text ? JsonSerializer.Deserialize(text, JoinJson.Default.KeptGrant) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JoiningHost Named(JoiningHost host, JoinGrant grant) =>
        host.Name.Length > 0 ? host : host with { Name = grant.View.Node(grant.Number)!.Name };

    private static IEnumerable<KeyValuePair<string, Node>> Own(JoinGrant grant, JoiningHost host)
    {
        yield return Answer("system.name", host.Name);
        yield return Answer("system.address", host.Address.ToString());
        yield return Answer("system.profile", grant.View.Node(grant.Number)!.Profile);
        if (host.Location.Length > 0)
            yield return Answer("system.location", host.Location);
    }

    private static KeyValuePair<string, Node> Answer(string path, string text) =>
        new(path, new Scalar(new Origin("join", 1, 1), text, true));
}

/// <summary>What is known before a join changes anything.</summary>
/// <param name="Findings">What is wrong, or worth knowing, on both sides and between them.</param>
/// <param name="Links">What was measured on the way to the members.</param>
/// <param name="Replaced">What joining would replace on this host.</param>
internal sealed record JoinOutlook(ImmutableArray<JoinFinding> Findings, ImmutableArray<LinkSample> Links, ImmutableArray<string> Replaced)
{
    /// <summary>The finding that the issuer refuses the code itself.</summary>
    public const string Refused = "refused";

    /// <summary>The profile that the code is for; empty when it is not known.</summary>
    public string Profile { get; init; } = "";

    /// <summary>The name that the code is for; empty when it is not known.</summary>
    public string Name { get; init; } = "";

    /// <summary>Why the host cannot join, in one sentence; empty when it can.</summary>
    public string Refusal =>
        !Findings.Any(f => f.IsError)
            ? ""
            : $"This host cannot join as things are. Nothing was "
                + $"changed{(Findings.Any(f => f.Code == Refused) ? "" : ", and the code is still good")}.";
}

/// <summary>A grant as it is kept until the host is set up.</summary>
/// <param name="Code">The code it was for.</param>
/// <param name="Grant">The grant.</param>
/// <param name="Host">The host that it was for.</param>
internal sealed record KeptGrant(string Code, JoinGrant Grant, KeptHost? Host);

/// <summary>What a host said of itself when it joined, as it is kept with the grant.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Where the others reach it.</param>
/// <param name="Location">Where it stands.</param>
/// <param name="Answers">Its own answers, an answer file.</param>
internal sealed record KeptHost(string Name, IPAddress Address, string Location, string Answers);
