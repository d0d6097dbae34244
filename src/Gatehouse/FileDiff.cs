using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;

namespace Gatehouse;

/// <summary>What changes inside a file. Files that hold secrets are never shown.</summary>
internal static class FileDiff
{
    /// <summary>Whether a change is one of a file's content.</summary>
    public static bool Has(PutEntry put) => put.Entry.Kind == EntryKind.File && put.Before.Kind is EntryKind.File or EntryKind.Absent;

    /// <summary>The difference in diff's unified form, or why it is not shown; ends with a line break.</summary>
    public static async Task<string> OfAsync(PutEntry put, RenderedNode node, LocalMachine machine, CancellationToken ct)
    {
        if (put.Entry.Secret) return $"{put.Entry.Path}: holds secrets and is not shown\n";
        // The new content goes in on standard input, so that it never lies in a temporary file.
        var before = put.Before.Kind == EntryKind.File ? machine.Real(put.Entry.Path) : "/dev/null";
        var result = await machine.RunAsync(new Invocation(["diff", "-u", "--label", $"{put.Entry.Path} (now)", "--label", $"{put.Entry.Path} (planned)", before, "-"], node.Contents[put.Entry.Hash].Text), null, ct);
        return result.Output;
    }
}
