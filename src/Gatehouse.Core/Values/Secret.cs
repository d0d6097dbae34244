namespace Gatehouse.Core.Values;

/// <summary>A value that must never be shown. It prints as stars everywhere; <see cref="Reveal"/> is the one way to it.</summary>
public sealed class Secret : IEquatable<Secret>
{
    private readonly string value;

    /// <summary>Wraps a value.</summary>
    public Secret(string value) => this.value = value;

    /// <summary>The value itself, for the file or the protocol that needs it.</summary>
    public string Reveal() => value;

    /// <inheritdoc/>
    public bool Equals(Secret? other) => other is not null && value == other.value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <inheritdoc/>
    public override int GetHashCode() => value.GetHashCode(StringComparison.Ordinal);

    /// <summary>Always <c>***</c>.</summary>
    public override string ToString() => "***";
}
