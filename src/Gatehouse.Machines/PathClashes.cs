using System.Collections.Immutable;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>What stands in the place of something of another kind: a directory where a file is to be, a socket, a file where a directory is
/// to be.</summary>
internal static class PathClashes
{
    /// <summary>The clashes of a node with a machine, each with its remedy. What would fail in the middle of an apply is found before it
    /// begins.</summary>
    public static async ValueTask<ImmutableArray<string>> OfAsync(IMachine machine, RenderedNode node, CancellationToken ct)
    {
        var clashes = ImmutableArray.CreateBuilder<string>();
        var wanted = node.Entries.ToDictionary(e => e.Path, e => e.Kind, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in node.Entries)
        {
            // What belongs to a program that is not there is not written.
            if (entry.OnlyWith.Length > 0 && (await machine.StatAsync(entry.OnlyWith, ct)).Kind == EntryKind.Absent)
                continue;
            if (await OfAsync(machine, entry, ct) is { } clash)
                clashes.Add(clash);
            if (entry.Kind == EntryKind.Absent)
                continue;
            foreach (var parent in Parents(entry.Path).TakeWhile(seen.Add))
                if (!wanted.ContainsKey(parent) && await KindAsync(machine, parent, ct) == EntryKind.File)
                    clashes.Add($"{parent} is a file, but {entry.Path} needs a directory there. Move it away and run again.");
        }

        return clashes.ToImmutable();
    }

    private static async ValueTask<string?> OfAsync(IMachine machine, RenderedEntry entry, CancellationToken ct)
    {
        EntryKind there;
        try
        {
            there = (await machine.StatAsync(entry.Path, ct)).Kind;
        }
        catch (MachineException e)
        {
            return e.Message;
        }

        return (entry.Kind, there) switch
        {
            (EntryKind.File or EntryKind.Link, EntryKind.Directory) =>
                $"{entry.Path} is a directory, but a {Name(entry.Kind)} is needed there. Move it away and run again.",
            (EntryKind.Directory, EntryKind.File or EntryKind.Link) =>
                $"{entry.Path} is a {Name(there)}, but a directory is needed there. Move it away and run again.",
            (EntryKind.Absent, EntryKind.Directory) when (await machine.ListAsync(entry.Path, ct)).Length > 0 =>
                $"{entry.Path} is a directory that is not empty, but it must not exist. Move it away and run again.",
            _ => null,
        };
    }

    // A parent that cannot be looked at, or is a link, is left to whoever writes below it.
    private static async ValueTask<EntryKind> KindAsync(IMachine machine, string path, CancellationToken ct)
    {
        try
        {
            return (await machine.StatAsync(path, ct)).Kind;
        }
        catch (MachineException)
        {
            return EntryKind.Absent;
        }
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var at = path.LastIndexOf('/'); at > 0; at = path.LastIndexOf('/', at - 1))
            yield return path[..at];
    }

    private static string Name(EntryKind kind) => kind.ToString().ToLowerInvariant();
}
