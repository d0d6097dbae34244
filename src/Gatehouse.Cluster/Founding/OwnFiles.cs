using System.Collections.Immutable;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Founding;

/// <summary>
/// Keys and passwords that were made or typed on a host and are nowhere else: lost with it, mail would be signed with a key that
/// no name server knows. A backup has those of the host that makes it.
/// </summary>
internal static class OwnFiles
{
    private const int MostBytes = 1 << 20;
    private static readonly string[] Single =
    [
        "/etc/exim4/gatehouse/dkim.key",
        "/etc/gatehouse/secrets/web-password",
        "/etc/gatehouse/secrets/redis-password",
        "/etc/gatehouse/secrets/controller-password",
    ];
    private static readonly string[] Whole = ["/etc/gatehouse/dkim", "/etc/gatehouse/secrets/answers"];

    /// <summary>Reads them.</summary>
    public static async Task<ImmutableArray<OwnFile>> ReadAsync(LocalMachine machine, CancellationToken ct)
    {
        var found = ImmutableArray.CreateBuilder<OwnFile>();
        var paths = new List<string>(Single);
        foreach (var directory in Whole)
            paths.AddRange((await machine.ListAsync(directory, ct)).Select(name => $"{directory}/{name}"));
        foreach (var path in paths.Where(IsOwn))
        {
            if (
                (await machine.StatAsync(path, ct)).Kind == EntryKind.File
                && await machine.ReadAsync(path, ct) is { } content
                && content.Bytes.Length <= MostBytes
            )
                found.Add(new OwnFile(path, content.Bytes.ToArray()));
        }

        return found.ToImmutable();
    }

    /// <summary>Puts them back where nothing is; an apply gives them owner and mode.</summary>
    public static async Task WriteAsync(LocalMachine machine, IEnumerable<OwnFile> own, CancellationToken ct)
    {
        foreach (var file in own.Where(f => IsOwn(f.Path)))
        {
            if ((await machine.StatAsync(file.Path, ct)).Kind != EntryKind.Absent)
                continue;
            await machine.WriteAsync(file.Path, new Item(EntryKind.File, Ownership.Private, new FileContent(file.Content)), ct);
        }
    }

    /// <summary>Whether a path is one of those that a backup may bring; it leads nowhere else.</summary>
    public static bool IsOwn(string path) =>
        Single.Contains(path)
        || Whole.Any(d =>
            path.StartsWith($"{d}/", StringComparison.Ordinal)
            && path[(d.Length + 1)..] is { Length: > 0 } name
            && !name.Contains('/', StringComparison.Ordinal)
            && name is not ("." or "..")
        );
}
