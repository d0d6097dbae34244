using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quorum;

/// <summary>Asks Patroni on this database node for the copies of the registry, and has it move the duty to take writes, or restart a
/// copy.</summary>
/// <param name="machine">This host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class PatroniControl(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private const string Scope = "gatehouse";

    /// <summary>Whether a node holds a copy.</summary>
    /// <param name="profile">The name of its profile.</param>
    public static bool IsCopy(string profile) => Core.Screens.Profile.Find(profile)?.Has("database") == true;

    /// <summary>The copies.</summary>
    /// <exception cref="MachineException">Patroni, or etcd behind it, does not answer.</exception>
    public async Task<ImmutableArray<DatabaseCopy>> CopiesAsync(CancellationToken ct) =>
        Read(await RunAsync(["list", "--format", "json"], ct));

    /// <summary>Reads what <c>patronictl list</c> says.</summary>
    /// <param name="text">JSON.</param>
    public static ImmutableArray<DatabaseCopy> Read(string text)
    {
        using var json = JsonDocument.Parse(text);
        return
        [
            .. json
                .RootElement.EnumerateArray()
                .Select(c => new DatabaseCopy(
                    Text(c, "Member"),
                    Text(c, "Role") == "Leader",
                    Text(c, "Role") == "Sync Standby",
                    Text(c, "State") is "running" or "streaming",
                    Text(c, "Pending restart").Length > 0,
                    Text(c, "State")
                )),
        ];

        static string Text(JsonElement copy, string name) =>
            copy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }

    /// <summary>
    /// Restarts PostgreSQL here if a change of its configuration waits for that. Who takes writes hands that over first, to a copy that has
    /// all of it; as long as there is none, it waits for the next time.
    /// </summary>
    /// <param name="me">This node.</param>
    /// <param name="registry">The registry, which is away for a moment meanwhile.</param>
    /// <param name="ct">Ends it.</param>
    public async Task RestartIfNeededAsync(LocalNode me, ClusterRegistry registry, CancellationToken ct)
    {
        if (!IsCopy(me.Profile))
            return;
        DatabaseStep step;
        try
        {
            step = DatabaseRules.Next(await CopiesAsync(ct), me.Name);
        }
        catch (MachineException e)
        {
            log.Note($"Patroni cannot be asked whether PostgreSQL is to be restarted: {e.Message}");
            return;
        }

        if (step.Why.Length > 0)
            log.Note($"PostgreSQL is to be restarted, later: {step.Why}");
        if (!step.Restart)
            return;
        if (step.SwitchTo is { } other)
            await SwitchAsync(me.Name, other, registry, ct);
        log.Note("Restarting PostgreSQL for a change of its configuration");
        await RunAsync(["restart", Scope, me.Name, "--force", "--pending"], ct);
        await UntilWritableAsync(registry, null, ct);
    }

    /// <summary>Has Patroni remove the data of a node's replica and copy them from the primary; it refuses that for the primary.</summary>
    /// <param name="name">The node's name.</param>
    /// <param name="ct">Ends it.</param>
    public Task CopyAnewAsync(string name, CancellationToken ct) => RunAsync(["reinit", Scope, name, "--force"], ct);

    /// <summary>
    /// Takes the duty to take writes from a node that is to go, if it has it and another copy is in sync. After a copy came or went it
    /// takes Patroni a few seconds to say which one is; that is waited for.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="ct">Ends it.</param>
    public async Task MoveAwayAsync(ClusterNode node, ClusterRegistry registry, CancellationToken ct)
    {
        await Poll.UntilAsync(
            async () =>
            {
                if (await registry.HostAsync(ct) != node.Address.ToString())
                    return true;
                var copies = await CopiesAsync(ct);
                if (DatabaseRules.Successor(copies, node.Name) is not { } other)
                    return copies.Count(c => c.IsRunning) < 2;
                await SwitchAsync(node.Name, other.Name, registry, ct);
                return false;
            },
            Timeouts.Primary / 2,
            clock,
            ct
        );
    }

    private async Task SwitchAsync(string from, string to, ClusterRegistry registry, CancellationToken ct)
    {
        log.Note($"{to} takes writes instead of {from}");
        var before = await registry.HostAsync(ct);
        await RunAsync(["switchover", Scope, "--master", from, "--candidate", to, "--force"], ct);
        await UntilWritableAsync(registry, before, ct);
    }

    private async Task UntilWritableAsync(ClusterRegistry registry, string? not, CancellationToken ct)
    {
        var isWritable = await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    return await registry.HostAsync(ct) != not;
                }
                catch (RegistryException)
                {
                    // It is on its way.
                    return false;
                }
            },
            Timeouts.Primary,
            clock,
            ct
        );
        if (!isWritable)
            throw new SequenceException(
                ExitCodes.Failed,
                "the registry takes no writes since Patroni was asked to move it; 'patronictl -c /etc/patroni/config.yml list' tells "
                    + "what it does."
            );
    }

    private async Task<string> RunAsync(string[] words, CancellationToken ct)
    {
        var command = new Invocation(["patronictl", "-c", "/etc/patroni/config.yml", .. words], Timeout: Timeouts.Primary);
        var result = await machine.RunAsync(command, null, ct);
        return result.Succeeded ? result.Output : throw MachineException.Of(command, result);
    }
}
