using Gatehouse.Agent.Handlers;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;

namespace Gatehouse.Agent.Service;

/// <summary>The agent of a member: it reports to the registry, answers requests, and on the issuer admits hosts that join and signs
/// certificates.</summary>
public static class AgentProcess
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    /// <summary>Runs until it is told to stop.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="clock">The time.</param>
    /// <param name="release">The release that runs.</param>
    /// <param name="log">Takes what is to be told, a line each.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="TrustException">This host is no member, or its certificates cannot be read.</exception>
    public static Task RunAsync(IMachine machine, TimeProvider clock, string release, Action<string> log, CancellationToken ct) =>
        RunAsync(AgentPlaces.Usual, machine, clock, release, log, ct);

    internal static async Task RunAsync(
        AgentPlaces places,
        IMachine machine,
        TimeProvider clock,
        string release,
        Action<string> log,
        CancellationToken ct
    )
    {
        await using var state = new AgentState(places);
        using var heart = new Heart(state, machine, clock, release, log);
        var callers = new Callers(state, clock);
        using var join = new JoinHandler(state, clock, release);
        using var logs = new LogsHandler(context => callers.Member(context), places.CollectedLogs, ct);
        IHandler[] handlers =
        [
            // Any client.
            new IntroductionHandler(state),
            new RevocationsHandler(state),
            // A host with a join code.
            join,
            // Members.
            new StatusHandler(callers, heart),
            new ViewHandler(callers, state),
            logs,
            new NudgeHandler(callers, heart),
            // Members, on the issuer.
            new ReadyHandler(callers, state),
            new RenewHandler(callers, state, clock),
            new MoveHandler(callers, state),
            new RemoveHandler(callers, state, clock),
        ];
        await using var server = AgentServer.Build(
            places.Port,
            () => state.Credentials,
            [.. handlers.Select(h => new Route(h.Method, h.Path, h.AnswerAsync))],
            clock,
            log
        );
        await server.StartAsync(ct);
        ServiceManager.Notify("READY=1");
        log($"{state.Node.Name}, node {state.Node.Number} of {state.Node.ClusterName}, answers on port {places.Port}");
        await heart.RunAsync(ct);
        ServiceManager.Notify("STOPPING=1");
        // A request that is under way gets its answer; systemd waits 15 seconds for both.
        using var farewell = new CancellationTokenSource(Farewell);
        await server.StopAsync(farewell.Token);
    }
}
