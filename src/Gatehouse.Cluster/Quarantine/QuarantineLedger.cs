using System.Text;
using System.Text.Json;
using Gatehouse.Core.Quarantine;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>
/// What this node did with messages, written down on its own disk: the whole truth for who has no cluster, and what stands in
/// for the registry while that is away. One program at a time uses it.
/// </summary>
internal sealed class QuarantineLedger : IDisposable
{
    private const string Home = "/var/lib/gatehouse/quarantine";
    private readonly LocalMachine machine;
    private readonly ApplyLock held;

    private QuarantineLedger(LocalMachine machine, ApplyLock held) => (this.machine, this.held) = (machine, held);

    /// <summary>How long somebody who asks at a terminal waits for the ledger: longer than a release may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Opens the ledger, and waits while another program uses it.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="MachineException">Another program uses it still.</exception>
    public static async Task<QuarantineLedger> OpenAsync(LocalMachine machine, TimeSpan patience, CancellationToken ct)
    {
        try
        {
            return new QuarantineLedger(machine, await ApplyLock.TakeAsync(machine.Real(Home), patience, ct));
        }
        catch (MachineException e)
        {
            throw new MachineException("another gatehouse is busy with the quarantine of this host; wait until it is done.", e);
        }
    }

    /// <summary>Opens the ledger, unless another program uses it: null then. A release can be stuck in a file system that hangs.</summary>
    /// <param name="machine">The host.</param>
    public static QuarantineLedger? TryOpen(LocalMachine machine)
    {
        try
        {
            return new QuarantineLedger(machine, ApplyLock.Take(machine.Real(Home)));
        }
        catch (MachineException)
        {
            return null;
        }
    }

    /// <summary>What was done with a message; null when nothing was.</summary>
    public async Task<LocalClaim?> ReadAsync(QuarantineId id, CancellationToken ct) => Parse(await machine.ReadAsync(Path(id), ct));

    /// <summary>Writes down what is being done or was; it is on the disk when this returns.</summary>
    public ValueTask WriteAsync(QuarantineId id, LocalClaim claim, CancellationToken ct) =>
        machine.WriteAsync(
            Path(id),
            new Item(
                EntryKind.File,
                Ownership.Private,
                new FileContent(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(claim, QuarantineWire.Default.LocalClaim)))
            ),
            ct
        );

    /// <summary>Writes down that a message was learned; on the disk when this returns.</summary>
    public static ValueTask WriteLearnedAsync(LocalMachine machine, QuarantineId id, MessageState state, CancellationToken ct) =>
        machine.WriteAsync(
            LearnedPath(id),
            new Item(
                EntryKind.File,
                Ownership.Private,
                new FileContent(JsonSerializer.SerializeToUtf8Bytes(state, QuarantineWire.Default.MessageState))
            ),
            ct
        );

    /// <summary>The messages that something is recorded of, by the names of their files.</summary>
    public static async Task<IReadOnlySet<string>> RecordedAsync(LocalMachine machine, CancellationToken ct)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var directory in new[] { "done", "learned" })
            found.UnionWith(
                (await machine.ListAsync($"{Home}/{directory}", ct))
                    .Where(n => n.EndsWith(".json", StringComparison.Ordinal))
                    .Select(n => n[..^5])
            );
        return found;
    }

    /// <summary>
    /// What this node did with a message, for lists. Nobody has to hold the ledger for that: each record is replaced in one step.
    /// A release or a deletion says more than what was learned.
    /// </summary>
    public static async Task<MessageState?> StateAsync(LocalMachine machine, QuarantineId id, CancellationToken ct)
    {
        if (Parse(await machine.ReadAsync(Path(id), ct)) is { } claim)
            return new MessageState(id.ToString(), claim.Action, claim.At, claim.By, claim.Done);
        try
        {
            return await machine.ReadAsync(LearnedPath(id), ct) is { } learned
                ? JsonSerializer.Deserialize(learned.Bytes.Span, QuarantineWire.Default.MessageState)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Forgets what did not happen.</summary>
    public ValueTask RemoveAsync(QuarantineId id, CancellationToken ct) => machine.RemoveAsync(Path(id), ct);

    /// <summary>What the registry has to be told yet, also what was only begun: who holds the ledger knows that it was cut off.</summary>
    public async Task<IReadOnlyList<(QuarantineId Id, LocalClaim Claim)>> UntoldAsync(CancellationToken ct)
    {
        var untold = new List<(QuarantineId, LocalClaim)>();
        foreach (var name in await machine.ListAsync($"{Home}/done", ct))
            if (
                name.EndsWith(".json", StringComparison.Ordinal)
                && QuarantineId.TryParse(name[..^5], out var id)
                && await ReadAsync(id, ct) is { Untold: true } claim
            )
                untold.Add((id, claim));
        return untold;
    }

    /// <summary>Forgets what was done long ago with messages that are gone.</summary>
    /// <param name="before">Older than this.</param>
    /// <param name="ct">Ends it.</param>
    public async Task ForgetAsync(DateTimeOffset before, CancellationToken ct)
    {
        foreach (var name in await machine.ListAsync($"{Home}/done", ct))
            if (
                QuarantineId.TryParse(System.IO.Path.GetFileNameWithoutExtension(name), out var id)
                && await ReadAsync(id, ct) is { Untold: false } claim
                && claim.At < before
            )
                await RemoveAsync(id, ct);
        foreach (var name in await machine.ListAsync($"{Home}/learned", ct))
            if (File.GetLastWriteTimeUtc(machine.Real($"{Home}/learned/{name}")) < before.UtcDateTime)
                await machine.RemoveAsync($"{Home}/learned/{name}", ct);
    }

    /// <summary>A place for a message on its way out, readable by root alone.</summary>
    public string NewOutgoing(QuarantineId id)
    {
        Directory.CreateDirectory(
            machine.Real($"{Home}/outgoing"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        return machine.Real($"{Home}/outgoing/{id.ToFileName()}");
    }

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();

    private static string Path(QuarantineId id) => $"{Home}/done/{id.ToFileName()}.json";

    private static string LearnedPath(QuarantineId id) => $"{Home}/learned/{id.ToFileName()}.json";

    private static LocalClaim? Parse(FileContent? content)
    {
        try
        {
            return content is null ? null : JsonSerializer.Deserialize(content.Bytes.Span, QuarantineWire.Default.LocalClaim);
        }
        catch (JsonException)
        {
            // It says that something was begun, and no more.
            return new LocalClaim
            {
                Action = "release",
                At = DateTimeOffset.UnixEpoch,
                Done = false,
            };
        }
    }
}
