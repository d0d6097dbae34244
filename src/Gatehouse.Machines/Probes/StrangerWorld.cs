namespace Gatehouse.Machines.Probes;

/// <summary>
/// The network that conversations begin in, shared by those that run at the same time: made when the first one needs it, removed when the
/// last one has ended. They take turns, so that no limit on connections from one address is what they find.
/// </summary>
internal sealed class StrangerWorld(IMachine machine, TimeProvider clock)
{
    private const string RunDirectory = "/run/gatehouse";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Lock gate = new();
    private int visitors;
    private Task<Open>? network;

    /// <summary>Keeps the network until the visit is disposed of.</summary>
    public Visit Enter()
    {
        lock (gate)
            visitors++;
        return new Visit(this);
    }

    /// <summary>Plays a conversation, once. The caller has entered.</summary>
    public async Task<ProbeResult> PlayAsync(IReadOnlyDictionary<string, string> parameters, CancellationToken ct)
    {
        Task<Open> opening;
        lock (gate)
            opening = network ??= Task.Run(OpenAsync, CancellationToken.None);
        try
        {
            var open = await opening.WaitAsync(ct);
            var conversation = new Conversation(machine, open.Network, open.Sink, clock);
            // Who is not let in waits for nothing, and takes no connection away from the others.
            if (parameters.ContainsKey("closed"))
                return await conversation.PlayAsync(parameters, ct);
            await open.Turn.WaitAsync(ct);
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
                limit.CancelAfter(Limit);
                return await conversation.PlayAsync(parameters, limit.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return ProbeResult.Fail($"no answer within {Limit.TotalSeconds:0} s");
            }
            finally
            {
                open.Turn.Release();
            }
        }
        catch (NoStrangerException e)
        {
            return ProbeResult.Unknown($"not verified as a stranger: {e.Message}");
        }
    }

    private async Task<Open> OpenAsync()
    {
        var opened = await StrangerNetwork.OpenAsync(machine, RunDirectory, CancellationToken.None);
        try
        {
            return new Open(opened, new DeliverySink(), new SemaphoreSlim(1));
        }
        catch (Exception e)
        {
            await opened.DisposeAsync();
            throw e is NoStrangerException ? e : new NoStrangerException(e.Message);
        }
    }

    private async ValueTask LeaveAsync()
    {
        Task<Open>? last = null;
        lock (gate)
            if (--visitors == 0)
                (last, network) = (network, null);
        if (last is null)
            return;
        try
        {
            var open = await last;
            await open.Sink.DisposeAsync();
            await open.Network.DisposeAsync();
            open.Turn.Dispose();
        }
        catch (MachineException)
        {
            // It was never made, and every conversation has said so.
        }
    }

    private sealed record Open(StrangerNetwork Network, DeliverySink Sink, SemaphoreSlim Turn);

    /// <summary>A conversation that needs the network.</summary>
    internal sealed class Visit(StrangerWorld world) : IAsyncDisposable
    {
        /// <inheritdoc/>
        public ValueTask DisposeAsync() => world.LeaveAsync();
    }
}
