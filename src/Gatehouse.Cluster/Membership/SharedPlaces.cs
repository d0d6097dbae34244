using Gatehouse.Machines;

namespace Gatehouse.Cluster.Membership;

/// <summary>
/// What a member has in the cluster's name: virtual addresses, the balancer's ports, its part of the cache and of the message queue. Who
/// is no member any more must not go on with it: the others have the addresses now, nobody takes anything from a balancer that is not
/// theirs, and a cache or a queue that still talks would be taken for one of them.
/// </summary>
internal static class SharedPlaces
{
    private static readonly (string Unit, string File)[] Units =
    [
        ("keepalived.service", "/etc/systemd/system/keepalived.service.d/gatehouse.conf"),
        ("gatehouse-balancer.service", "/etc/systemd/system/gatehouse-balancer.service"),
        ("gatehouse-sentinel.service", "/etc/systemd/system/gatehouse-sentinel.service"),
        ("gatehouse-redis.service", "/etc/systemd/system/gatehouse-redis.service"),
        ("gatehouse-queues.service", "/etc/systemd/system/gatehouse-queues.service"),
        ("rabbitmq-server.service", "/etc/systemd/system/rabbitmq-server.service.d/gatehouse.conf"),
        ("gatehouse-sync.service", "/etc/systemd/system/gatehouse-sync.service"),
    ];

    /// <summary>Gives all of it up, as far as this host has it; for good, until it is set up anew.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="MachineException">systemd refused.</exception>
    public static async Task GiveUpAsync(LocalMachine machine, CancellationToken ct)
    {
        string[] ours = [.. Units.Where(u => File.Exists(machine.Real(u.File))).Select(u => u.Unit)];
        if (ours.Length == 0)
            return;
        var stop = Invocation.Of(["systemctl", "disable", "--now", .. ours]);
        var stopped = await machine.RunAsync(stop, null, ct);
        if (!stopped.Succeeded)
            throw MachineException.Of(stop, stopped);
    }
}
