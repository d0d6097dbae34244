using System.Collections.Immutable;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>
/// A node as it is to be on one machine: shared files with the machine's own lines in them, and without the entries for programs
/// that are not there.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="store">Has the contents of earlier generations.</param>
internal sealed class NodeHere(IMachine machine, GenerationStore store)
{
    /// <summary>The node on the machine. A node of an earlier generation gets the own lines of today, so that only our part is
    /// compared.</summary>
    public async ValueTask<RenderedNode> OfAsync(RenderedNode node, CancellationToken ct)
    {
        var entries = ImmutableArray.CreateBuilder<RenderedEntry>(node.Entries.Length);
        var contents = node.Contents;
        foreach (var entry in node.Entries)
        {
            if (entry.OnlyWith.Length > 0 && (await machine.StatAsync(entry.OnlyWith, ct)).Kind == EntryKind.Absent)
                continue;
            if (entry is not { Keeps.Length: > 0, Kind: EntryKind.File })
            {
                entries.Add(entry);
                continue;
            }

            var written = contents.GetValueOrDefault(entry.Hash) ?? await store.ContentAsync(entry.Hash, ct);
            var there = (await machine.ReadAsync(entry.Path, ct))?.Text;
            var merged = FileContent.Of(
                entry.Keeps.StartsWith(OwnLines.Before, StringComparison.Ordinal)
                    ? OwnLines.Restore(entry.Keeps[OwnLines.Before.Length..], written.Text, there)
                    : OwnLines.Merge(
                        entry.Keeps,
                        OwnLines.Part(written.Text) ?? written.Text,
                        there,
                        await IsGeneratedAsync(entry.Path, ct)
                    )
            );
            entries.Add(entry with { Hash = merged.Hash });
            contents = contents.SetItem(merged.Hash, merged);
        }

        return node with
        {
            Entries = entries.ToImmutable(),
            Contents = contents,
        };
    }

    private async ValueTask<bool> IsGeneratedAsync(string path, CancellationToken ct) =>
        (await machine.StatAsync(path, ct)).Kind == EntryKind.Link;
}
