using System.Collections.Immutable;

namespace Gatehouse.Core.Screens;

/// <summary>One question of a screen, as declared in <c>screens/*.yaml</c>.</summary>
public sealed record Field
{
    /// <summary>Key inside the screen, such as <c>host_name</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Key in an answer file: <c>screen.key</c>.</summary>
    public required string Path { get; init; }

    /// <summary>What the question is called on a screen.</summary>
    public required string Label { get; init; }

    /// <summary>What a newcomer needs to know to answer.</summary>
    public required string Help { get; init; }

    /// <summary>What kind of value is asked for; for a list, the kind of its items.</summary>
    public required FieldKind Kind { get; init; }

    /// <summary>Whether the answer is a list of values of the kind.</summary>
    public bool IsList { get; init; }

    /// <summary>Columns of a table; empty for anything else.</summary>
    public ImmutableArray<Field> Columns { get; init; } = [];

    /// <summary>Whether a value must be given (or found by default).</summary>
    public bool Required { get; init; }

    /// <summary>The value used when none is given, as it would be written; null when there is none.</summary>
    public string? Default { get; init; }

    /// <summary>A fact (<c>facts.x</c>) or another field (<c>system.name</c>) that gives the default.</summary>
    public string? DefaultFrom { get; init; }

    /// <summary>
    /// A fact (<c>facts.x</c>) that an operator finds filled in and can change. It is no default: an answer file that says
    /// nothing is not taken to agree with it.
    /// </summary>
    public string? Propose { get; init; }

    /// <summary>Whether the question is asked only of an operator who wants more settings; it has a default then.</summary>
    public bool Advanced { get; init; }

    /// <summary>Whether the wizard asks it of members of a cluster only. Its answer counts everywhere: a node may be prepared for its
    /// cluster.</summary>
    public bool Clustered { get; init; }

    /// <summary>A value to show as example.</summary>
    public string Example { get; init; } = "";

    /// <summary>The values a choice offers, with what they mean.</summary>
    public ImmutableArray<Choice> Choices { get; init; } = [];

    /// <summary>Least value of a number or size.</summary>
    public decimal? Minimum { get; init; }

    /// <summary>Greatest value of a number or size.</summary>
    public decimal? Maximum { get; init; }

    /// <summary>A regular expression that a text must match as a whole, and the words for it.</summary>
    public string? Pattern { get; init; }

    /// <summary>What the pattern asks for, in words.</summary>
    public string PatternText { get; init; } = "";

    /// <summary>Whether a path must name an existing file.</summary>
    public bool MustExist { get; init; }

    /// <summary>The port used where a host:port value leaves it out.</summary>
    public int DefaultPort { get; init; }

    /// <summary>The field is asked only while another field of the same file has one of these values.</summary>
    public Condition? When { get; init; }

    /// <summary>Whose answer it is in a cluster: the same for all nodes, or each node's own.</summary>
    public FieldScope Scope { get; init; }

    /// <summary>Whether it can be answered in an answer file, rather than only to a task of the wizard.</summary>
    public bool IsAnswer { get; init; } = true;

    /// <summary>Whether the answer is a table.</summary>
    public bool IsTable => !Columns.IsEmpty;

    /// <summary>The columns of a table that an operator is shown; the others, the last ones, are filled in by the program.</summary>
    public IEnumerable<Field> TypedColumns => Columns.Where(c => !c.Advanced);
}

/// <summary>Whose an answer is. On a node without a cluster there is no difference.</summary>
public enum FieldScope
{
    /// <summary>The cluster's: changed on one node, it is followed by all.</summary>
    Cluster,

    /// <summary>The node's own, such as its name and address; the other nodes never take it over.</summary>
    Node,
}

/// <summary>One value of a choice.</summary>
/// <param name="Value">As written in an answer file.</param>
/// <param name="Text">What it means.</param>
public sealed record Choice(string Value, string Text);

/// <summary>A condition on an earlier answer.</summary>
/// <param name="Path">The other field, <c>screen.key</c>.</param>
/// <param name="AnyOf">The values that fulfil it; <c>*</c> alone means "any value given".</param>
public sealed record Condition(string Path, ImmutableArray<string> AnyOf);

/// <summary>A page of questions.</summary>
/// <param name="Id">The section of an answer file, such as <c>mta</c>.</param>
/// <param name="Title">What it is called.</param>
/// <param name="Help">What it is about.</param>
/// <param name="Order">Screens are shown in this order.</param>
/// <param name="Roles">Roles that need the screen; empty means every profile.</param>
/// <param name="Fields">The questions, in order.</param>
/// <param name="Clustered">Whether only members of a cluster are asked.</param>
public sealed record Screen(
    string Id,
    string Title,
    string Help,
    int Order,
    ImmutableArray<string> Roles,
    ImmutableArray<Field> Fields,
    bool Clustered = false
)
{
    /// <summary>The task of the wizard that it belongs to; empty for a screen of settings.</summary>
    public string Task { get; init; } = "";

    /// <summary>Fields of other screens that a task's screen asks as well, by path; they come after its own.</summary>
    public ImmutableArray<string> Asks { get; init; } = [];
}
