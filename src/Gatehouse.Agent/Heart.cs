using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Agent;

/// <summary>
/// Beats: tells the registry that the node lives, looks at the cluster whenever something changed, and wakes the unit that
/// follows. That unit runs as root and reads the registry itself; from here it takes nothing but the hint to look.
/// </summary>
internal sealed class Heart(AgentState state, IMachine machine, TimeProvider clock, string release, Action<string> log) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private const int BeatsOfStarting = 2;
    private const int BeatsBetween = 12;
    private const int BeatsOfConnecting = 2;
    private const int BeatsToMend = 13;
    private const int BeatsOfLapse = 6;
    private readonly SemaphoreSlim looking = new(1);
    private string woken = "";
    private string trouble = "";
    private volatile bool isBack;
    private int namesLost;
    private int replicaLost;

    /// <summary>What the node is like now.</summary>
    public async Task<NodeStatus> StatusAsync(CancellationToken ct)
    {
        state.Refresh();
        var status = await NodeProbe.LookAsync(
            state.Node,
            release,
            state.Credentials.Certificate.NotAfter.ToUniversalTime(),
            state.ReachesRegistry,
            machine,
            clock,
            ct
        );
        return status with { LostNames = LostNames() };
    }

    /// <summary>Wakes the unit that follows.</summary>
    public void Wake() => File.WriteAllText(state.Places.Sign, "");

    /// <summary>Beats until it is told to stop.</summary>
    public Task RunAsync(CancellationToken ct) => Task.WhenAll(BeatAsync(ct), ListenAsync(ct));

    /// <inheritdoc/>
    public void Dispose() => looking.Dispose();

    private async Task BeatAsync(CancellationToken ct)
    {
        for (var beats = 0L; !ct.IsCancellationRequested; beats++)
        {
            // After the start, and now and then: what a rare request has needed is not kept for days.
            if (beats % BeatsBetween == BeatsOfStarting)
                ProcessMemory.GiveBackProgram();
            await TryAsync(
                async () =>
                {
                    state.Refresh();
                    // No database lets it in to be told anything; the unit that follows gets it the next one.
                    if (state.Credentials.Certificate.NotAfter <= clock.GetUtcNow() && beats % BeatsOfLapse == 0)
                        Wake();
                    var status = await StatusAsync(ct);
                    await state.Registry.BeatAsync(
                        release,
                        state.Node.SettingsVersion,
                        JsonSerializer.Serialize(status, Wire.Default.NodeStatus),
                        ct
                    );
                    await LookAsync(ct);
                    await MendAsync(status, ct);
                    // What this node did meanwhile is told, and orders that it missed are found. At a beat, so that not all members come at
                    // once.
                    if (isBack)
                        Wake();
                    isBack = false;
                    await RestAsync(ct);
                },
                ct
            );
            await Task.Delay(Timeouts.Beat, clock, ct)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private ImmutableArray<string>? LostNames()
    {
        if (state.View is not { } view || state.Places.Hosts is not { } hosts)
            return null;
        // A member that came a moment ago is named once this node has followed.
        if (view.Fingerprint() != state.Node.Followed)
            return ImmutableArray<string>.Empty;
        return HostNames.Missing(File.Exists(hosts) ? File.ReadAllText(hosts) : null, view, state.Node.Number);
    }

    // Neither shows in the cluster's view, so the unit that follows is woken for it: at once for lost names, and for a replica that
    // receives nothing once it had the time to connect again. What that cannot mend is tried again more seldom.
    private async Task MendAsync(NodeStatus status, CancellationToken ct)
    {
        namesLost = status.LostNames is { IsDefaultOrEmpty: false } ? namesLost + 1 : 0;
        var before = replicaLost;
        replicaLost = await IsReplicaLostAsync(ct) ? replicaLost + 1 : 0;
        // Also when it receives again: what was remembered of it must not count the next time.
        var isBackInTime = replicaLost == 0 && before >= BeatsOfConnecting;
        if (namesLost % BeatsToMend == 1 || replicaLost % BeatsToMend == BeatsOfConnecting || isBackInTime)
            Wake();
    }

    // The timer wakes the unit all the same, now and then, so a false sign holds nothing up for long.
    private async Task RestAsync(CancellationToken ct)
    {
        var isAtRest =
            namesLost == 0
            && replicaLost == 0
            && state.View?.Fingerprint() == state.Node.Followed
            && !File.Exists(state.Places.Sign)
            && !await state.Registry.HasWorkAsync(state.Node.Number, ct);
        if (isAtRest)
            File.WriteAllText(state.Places.Quiet, "");
        else
            File.Delete(state.Places.Quiet);
    }

    private async Task<bool> IsReplicaLostAsync(CancellationToken ct)
    {
        if (state.View is not { } view || !view.Databases.Any(n => n.Number == state.Node.Number))
            return false;
        return ReplicaRules
            .Judge(view, await state.Registry.ReplicasAsync(ct), await state.Registry.HostAsync(ct))
            .GetValueOrDefault(state.Node.Number)
            is { Follows: false };
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            await TryAsync(
                async () =>
                {
                    await foreach (var word in state.Registry.ChangesAsync(ct))
                    {
                        // An order is no part of the view; the unit that follows carries it out.
                        if (word == "commands")
                            Wake();
                        await LookAsync(ct);
                    }
                },
                ct
            );
            await Task.Delay(Pause, clock, ct)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        await looking.WaitAsync(ct);
        try
        {
            await LookAloneAsync(ct);
        }
        finally
        {
            looking.Release();
        }
    }

    private async Task LookAloneAsync(CancellationToken ct)
    {
        var view = await state.LookAsync(ct);
        state.View = view;
        state.ReachesRegistry = true;
        Recover();
        ViewCache.Write(view, state.Places.View);
        // Once for each state of the cluster: what cannot be followed now is tried again by the timer, not in a circle.
        var now = view.Fingerprint();
        if (now == state.Node.Followed || now == woken)
            return;
        woken = now;
        Wake();
    }

    private async Task TryAsync(Func<Task> work, CancellationToken ct)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }
        catch (Exception e)
            when (e
                    is RegistryException
                        or TrustException
                        or MachineException
                        or IOException
                        or UnauthorizedAccessException
                        or InvalidDataException
            )
        {
            // Mail goes on without the registry, and so does this.
            if (e is RegistryException)
                state.ReachesRegistry = false;
            if (e.Message != trouble)
                log($"{e.Message}");
            trouble = e.Message;
        }
    }

    private void Recover()
    {
        if (trouble.Length == 0)
            return;
        log("the registry is followed again");
        trouble = "";
        isBack = true;
    }
}
