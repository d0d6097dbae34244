using System.Collections.Immutable;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Yaml;

/// <summary>One value of a YAML file with the place it was written at.</summary>
/// <param name="Origin">Place of the value's first character.</param>
public abstract record Node(Origin Origin)
{
    /// <summary>What the value is, in words for a finding.</summary>
    public abstract string Describe();
}

/// <summary>A single value; YAML's own typing is ignored, the field decides what it means.</summary>
/// <param name="Origin">Place of the value.</param>
/// <param name="Text">The text after YAML's quoting is undone.</param>
/// <param name="Quoted">Whether it was quoted; an unquoted <c>~</c> or <c>null</c> or nothing means "not given".</param>
public sealed record Scalar(Origin Origin, string Text, bool Quoted) : Node(Origin)
{
    /// <summary>Whether the value was left out: <c>key:</c> with nothing behind it, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull => !Quoted && Text is "" or "~" or "null";

    /// <inheritdoc/>
    public override string Describe() => "a single value";
}

/// <summary>A list.</summary>
public sealed record Sequence(Origin Origin, ImmutableArray<Node> Items) : Node(Origin)
{
    /// <inheritdoc/>
    public override string Describe() => "a list";
}

/// <summary>A mapping; keys are unique and keep their order.</summary>
public sealed record Mapping(Origin Origin, ImmutableArray<Entry> Entries) : Node(Origin)
{
    /// <summary>The value of a key, or null when it is absent.</summary>
    public Node? this[string key]
    {
        get
        {
            foreach (var entry in Entries)
                if (entry.Key == key)
                    return entry.Value;
            return null;
        }
    }

    /// <inheritdoc/>
    public override string Describe() => "a mapping";
}

/// <summary>One key of a mapping, the place of the key, and its value.</summary>
public sealed record Entry(string Key, Origin Origin, Node Value);
