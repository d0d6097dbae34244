using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;

namespace Gatehouse.Machines;

/// <summary>
/// The history of a machine below <c>/var/lib/gatehouse</c>, readable by root alone: a record a generation, and contents
/// filed once under their hash, so that any generation can be put back.
/// </summary>
public sealed class GenerationStore(IMachine machine)
{
    /// <summary>The directory of everything Gatehouse remembers.</summary>
    public const string Home = "/var/lib/gatehouse";

    private const string Records = Home + "/generations";
    private const string Objects = Home + "/objects";
    private const int Kept = 30;
    private static readonly Ownership PrivateDirectory = new("root", "root", 0b111_000_000);

    /// <summary>All generations whose record can be read, oldest first.</summary>
    public async ValueTask<ImmutableArray<Generation>> AllAsync(CancellationToken ct)
    {
        var all = ImmutableArray.CreateBuilder<Generation>();
        foreach (var number in await NumbersAsync(ct))
            if (await ReadAsync(number, ct) is { } generation)
                all.Add(generation);
        return all.ToImmutable();
    }

    /// <summary>One generation, or null when there is none of that number.</summary>
    /// <exception cref="MachineException">Its record is damaged.</exception>
    public async ValueTask<Generation?> FindAsync(int number, CancellationToken ct) =>
        await ReadAsync(number, ct) is { } generation ? generation
        : await IsDamagedAsync(number, ct) ? throw new MachineException(Damage(number))
        : null;

    /// <summary>The generation in force: the newest good one whose record can be read.</summary>
    public async ValueTask<Generation?> CurrentAsync(CancellationToken ct)
    {
        foreach (var number in (await NumbersAsync(ct)).Reverse())
            if (await ReadAsync(number, ct) is { IsGood: true } generation)
                return generation;
        return null;
    }

    /// <summary>The numbers of the records that are there and cannot be read.</summary>
    public async ValueTask<ImmutableArray<int>> DamagedAsync(CancellationToken ct)
    {
        var damaged = ImmutableArray.CreateBuilder<int>();
        foreach (var number in await NumbersAsync(ct))
            if (await ReadAsync(number, ct) is null)
                damaged.Add(number);
        return damaged.ToImmutable();
    }

    /// <summary>A sentence for each record that cannot be read: which it is, and what to do.</summary>
    public async ValueTask<ImmutableArray<string>> DamageAsync(CancellationToken ct) => [.. (await DamagedAsync(ct)).Select(Damage)];

    /// <summary>Whether a record is there and cannot be read.</summary>
    public async ValueTask<bool> IsDamagedAsync(int number, CancellationToken ct) =>
        (await NumbersAsync(ct)).Contains(number) && await ReadAsync(number, ct) is null;

    /// <summary>The generation whose apply was cut off, if one was.</summary>
    public async ValueTask<Generation?> InterruptedAsync(CancellationToken ct)
    {
        var numbers = await NumbersAsync(ct);
        return numbers.IsEmpty ? null
            : await ReadAsync(numbers[^1], ct) is { State: GenerationState.Swapping } cut ? cut
            : null;
    }

    /// <summary>The number the next generation gets.</summary>
    public async ValueTask<int> NextNumberAsync(CancellationToken ct) => (await NumbersAsync(ct)).DefaultIfEmpty(0).Max() + 1;

    /// <summary>Writes a record, replacing an earlier state of it in one step.</summary>
    public async ValueTask SaveAsync(Generation generation, CancellationToken ct)
    {
        await EnsureAsync(Records, ct);
        await machine.WriteAsync(
            RecordPath(generation.Number),
            new Item(EntryKind.File, Ownership.Private, new FileContent(generation.ToJson())),
            ct
        );
    }

    /// <summary>Files a content under its hash.</summary>
    public async ValueTask KeepAsync(FileContent content, CancellationToken ct)
    {
        var path = $"{Objects}/{content.Hash}";
        if ((await machine.StatAsync(path, ct)).Hash == content.Hash)
            return;
        await EnsureAsync(Objects, ct);
        await machine.WriteAsync(path, new Item(EntryKind.File, Ownership.Private, content), ct);
    }

    /// <summary>A content by its hash.</summary>
    /// <exception cref="MachineException">It is missing or damaged.</exception>
    public async ValueTask<FileContent> ContentAsync(string hash, CancellationToken ct) =>
        await machine.ReadAsync($"{Objects}/{hash}", ct) is { } content && content.Hash == hash
            ? content
            : throw new MachineException($"{Objects}/{hash} is missing or damaged: the state that needs it cannot be restored.");

    /// <summary>A generation's node with its contents, ready to be planned towards.</summary>
    public async ValueTask<RenderedNode> NodeAsync(Generation generation, CancellationToken ct)
    {
        var contents = ImmutableDictionary.CreateBuilder<string, FileContent>(StringComparer.Ordinal);
        foreach (var hash in generation.Node.Entries.Select(e => e.Hash).Where(h => h.Length > 0).Distinct(StringComparer.Ordinal))
            contents[hash] = await ContentAsync(hash, ct);
        return generation.Node with { Contents = contents.ToImmutable() };
    }

    /// <summary>Forgets generations beyond the newest thirty and contents that no record names. The original (0) stays.</summary>
    public async ValueTask TidyAsync(CancellationToken ct)
    {
        var all = await AllAsync(ct);
        var current = all.LastOrDefault(g => g.IsGood)?.Number;
        var old = all.Where(g => g.Number != 0 && g.Number != current).SkipLast(Kept).ToArray();
        foreach (var generation in old)
            await machine.RemoveAsync(RecordPath(generation.Number), ct);
        // What a record that cannot be read names is not known; it may come back from a backup.
        if (!(await DamagedAsync(ct)).IsEmpty)
            return;
        var named = all.Except(old).SelectMany(g => g.Hashes).ToHashSet(StringComparer.Ordinal);
        foreach (var hash in await machine.ListAsync(Objects, ct))
            if (!named.Contains(hash))
                await machine.RemoveAsync($"{Objects}/{hash}", ct);
    }

    // Null when there is no such record, and when it is damaged: the others are of use without it.
    private async ValueTask<Generation?> ReadAsync(int number, CancellationToken ct)
    {
        if (await machine.ReadAsync(RecordPath(number), ct) is not { } file)
            return null;
        try
        {
            return Generation.FromJson(file.Bytes.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Damage(int number) =>
        $"{RecordPath(number)} is damaged: generation {number} can be neither shown nor restored; the others can. Restore "
        + "the file from a backup of this host, or remove it.";

    private async ValueTask<ImmutableArray<int>> NumbersAsync(CancellationToken ct) =>
        [
            .. (await machine.ListAsync(Records, ct))
                .Where(n => n.EndsWith(".json", StringComparison.Ordinal))
                .Select(n => int.TryParse(n[..^5], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
                .Where(n => n >= 0)
                .Order(),
        ];

    private async ValueTask EnsureAsync(string directory, CancellationToken ct)
    {
        foreach (var path in new[] { Home, directory })
            if ((await machine.StatAsync(path, ct)).Kind == EntryKind.Absent)
                await machine.WriteAsync(path, new Item(EntryKind.Directory, PrivateDirectory), ct);
    }

    private static string RecordPath(int number) => string.Create(CultureInfo.InvariantCulture, $"{Records}/{number}.json");
}
