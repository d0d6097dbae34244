namespace Gatehouse.Machines;

/// <summary>What a probe found.</summary>
/// <param name="Passed">Whether the service did what it should.</param>
/// <param name="Detail">What it did, or what was wrong.</param>
public sealed record ProbeResult(bool Passed, string Detail)
{
    /// <summary>Whether nothing could be found out. It is no failure of the service, and must never be shown as a success.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>Whether the service gave its answer, so that trying again for long changes nothing.</summary>
    public bool IsAnswer { get; init; }

    /// <summary>The state in one word: <c>ok</c>, <c>failed</c> or <c>unknown</c>.</summary>
    public string State =>
        IsUnknown ? "unknown"
        : Passed ? "ok"
        : "failed";

    /// <summary>The service did what it should.</summary>
    public static ProbeResult Pass(string detail) => new(true, detail);

    /// <summary>It did not.</summary>
    public static ProbeResult Fail(string detail) => new(false, detail);

    /// <summary>It gave a wrong answer.</summary>
    public static ProbeResult Wrong(string detail) => new(false, detail) { IsAnswer = true };

    /// <summary>This host does not let it be found out.</summary>
    public static ProbeResult Unknown(string detail) => new(true, detail) { IsUnknown = true };
}
