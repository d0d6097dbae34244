using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;

namespace Gatehouse.Printing;

/// <summary>What changes inside a file. Files that hold secrets are never shown.</summary>
internal static class FileDiff
{
    /// <summary>Whether a change is one of a file or link; directories have no content.</summary>
    public static bool Has(PutEntry put) => put.Entry.Kind != EntryKind.Directory && put.Before.Kind != EntryKind.Directory;

    /// <summary>The change in a word, for a list.</summary>
    public static string Word(PutEntry put) =>
        put.Entry.Kind == EntryKind.Absent ? "removed"
        : put.Before.Kind == EntryKind.Absent ? "new"
        : "changed";

    /// <summary>The difference in diff's unified form, or why it is not shown; ends with a line break.</summary>
    public static async Task<string> OfAsync(PutEntry put, RenderedNode node, LocalMachine machine, CancellationToken ct)
    {
        var path = put.Entry.Path;
        if (put.Entry.Kind == EntryKind.Link)
            return $"{path}: {Now(put.Before)} becomes a link to {put.Entry.Target}\n";
        if (put.Entry.Secret)
            return $"{path}: contains secrets and is not shown\n";
        // A link is replaced by a file: its content is what it points at, which may be gone.
        var link = put.Before.Kind == EntryKind.Link ? $"{path}: {Now(put.Before)} becomes a file\n" : "";
        var before = put.Before.Kind != EntryKind.Absent && File.Exists(machine.Real(path)) ? machine.Real(path) : "/dev/null";
        var planned = put.Entry.Kind == EntryKind.Absent ? "" : node.Contents[put.Entry.Hash].Text;
        // The new content goes in on standard input, so that it never lies in a temporary file.
        var result = await machine.RunAsync(
            new Invocation(["diff", "-u", "--label", $"{path} (now)", "--label", $"{path} (planned)", before, "-"], planned),
            null,
            ct
        );
        return link + result.Output;
    }

    private static string Now(PathState state) =>
        state.Kind switch
        {
            EntryKind.Link => $"the link to {state.Target}",
            EntryKind.Absent => "nothing",
            _ => "the file",
        };
}
