using System.Collections.Immutable;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Answering;

/// <summary>
/// What one version of the answers changes, for an administrator who approves it. Nothing is cut off, because a hostile change would hide
/// behind the cut; of a list or table, only the rows that come and go are shown.
/// </summary>
public static class ProposedChanges
{
    /// <summary>The changes, a line each. No secret is among them, and no control character.</summary>
    /// <param name="before">The answers before.</param>
    /// <param name="after">The proposed answers.</param>
    /// <param name="screens">Which answers are secrets.</param>
    public static ImmutableArray<string> Of(Answers before, Answers after, ScreenSet screens)
    {
        var secrets = screens.Fields.Where(f => f.Kind.IsSecret).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from path in before.Values.Keys.Union(after.Values.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            from line in Lines(path, before[path], after[path], secrets.Contains(path))
            select Printable(line),
        ];
    }

    private static IEnumerable<string> Lines(string path, Node? before, Node? after, bool isSecret)
    {
        var (was, now) = (Text(before), Text(after));
        if (was == now)
            return [];
        if (isSecret)
            return [$"{path}: {Word(Hidden(before))} -> {Word(Hidden(after))}"];
        if ((before ?? after) is not Sequence || (after ?? before) is not Sequence)
            return [$"{path}: {Word(was)} -> {Word(now)}"];
        ImmutableArray<string> old = [.. Items(before)],
            fresh = [.. Items(after)];
        string[] changes = [.. old.Except(fresh).Select(i => $"{path}: - {i}"), .. fresh.Except(old).Select(i => $"{path}: + {i}")];
        return changes.Length > 0
            ? changes
            : [$"{path}: the same in another order, or a different number of times: {string.Join(", ", fresh)}"];
    }

    private static IEnumerable<string> Items(Node? node) => node is Sequence list ? list.Items.Select(Text) : [];

    // Which secret it is may be seen, the secret itself never.
    private static string Hidden(Node? node) =>
        node is null or Mapping { Entries: [{ Key: "sealed" or "file" or "env" or "generate" or "prompt" }] } ? Text(node) : "(hidden)";

    private static string Word(string value) => value.Length > 0 ? value : "(not given)";

    private static string Text(Node? node) =>
        node switch
        {
            Scalar scalar => scalar.Text,
            Sequence list => $"[{string.Join(", ", list.Items.Select(Text))}]",
            Mapping map => $"{{{string.Join(", ", map.Entries.Select(e => $"{e.Key}: {Text(e.Value)}"))}}}",
            _ => "",
        };

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
