using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Logs;

/// <summary>Collects the lines of all members, this one's own among them, for as long as it runs; gatehouse-logs.service does.</summary>
/// <param name="directory">Where they are kept, a directory a node.</param>
/// <param name="days">For how many days; 0 for ever.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Takes what is to be told, a line each.</param>
internal sealed class Collector(string directory, int days, TimeProvider clock, Action<string> log)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Retry = TimeSpan.FromMinutes(1);

    /// <summary>Collects until it is told to stop.</summary>
    /// <exception cref="SequenceException">Another process collects there.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        using var hold = Hold();
        var running = new Dictionary<int, (ClusterNode Node, CancellationTokenSource End, Task Work)>();
        try
        {
            while (true)
            {
                // The agent says who they are, here and later: this needs no way to the registry.
                var members = LogMembers.Known() ?? [.. running.Values.Select(r => r.Node)];
                foreach (var (number, one) in running.ToArray())
                {
                    if (
                        members.FirstOrDefault(m => m.Number == number) is { } same
                        && same.Name == one.Node.Name
                        && same.Address.Equals(one.Node.Address)
                        && same.Port == one.Node.Port
                    )
                        continue;
                    await EndAsync(one);
                    running.Remove(number);
                }

                foreach (var member in members.Where(m => !running.ContainsKey(m.Number)))
                {
                    var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
                    running.Add(member.Number, (member, end, Task.Run(() => KeepAtItAsync(member, end.Token), CancellationToken.None)));
                }

                await Task.WhenAny([Task.Delay(Look, ct), .. running.Values.Select(r => r.Work)]);
                ct.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            foreach (var one in running.Values)
                await EndAsync(one);
        }
    }

    // What is wrong with one node's lines, or with where they are kept, holds up no other's.
    private async Task KeepAtItAsync(ClusterNode node, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await CollectAsync(node, ct);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log($"the log of {node.Name} is not collected: {e.Message} Next attempt in {Retry.TotalSeconds:0} s.");
                await Task.Delay(Retry, clock, ct);
            }
        }
    }

    private async Task CollectAsync(ClusterNode node, CancellationToken ct)
    {
        using var kept = CollectedLog.Open(directory, node.Name, days, clock);
        log($"collecting the log of {node.Name}, {(kept.Last is null ? "from the beginning" : "from the last position")}");
        await new NodeLog(node, Silence).FollowAsync(
            () => kept.Last,
            null,
            (line, more) =>
            {
                kept.Add(line);
                if (!more)
                    kept.Flush();
                return ValueTask.CompletedTask;
            },
            () =>
                log(
                    $"lines of {node.Name} are lost: its journal no longer contains the line that was collected last; let it "
                        + "keep more (SystemMaxUse= in /etc/systemd/journald.conf.d)"
                ),
            trouble =>
            {
                kept.Flush();
                log(trouble.Length == 0 ? $"the log of {node.Name} arrives again" : $"the log of {node.Name} is delayed: {trouble}");
            },
            ct
        );
    }

    private static async Task EndAsync((ClusterNode Node, CancellationTokenSource End, Task Work) one)
    {
        await one.End.CancelAsync();
        await one.Work.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        one.End.Dispose();
    }

    private FileStream Hold()
    {
        var path = Path.Combine(directory, ".lock");
        try
        {
            return new FileStream(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            );
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new SequenceException(
                ExitCodes.Refused,
                $"another process already collects logs in {directory} ('systemctl status gatehouse-logs').",
                e
            );
        }
    }
}
