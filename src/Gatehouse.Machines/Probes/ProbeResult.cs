namespace Gatehouse.Machines.Probes;

/// <summary>What a probe found.</summary>
/// <param name="Passed">Whether the service did what it should.</param>
/// <param name="Detail">What it did, or what was wrong.</param>
public sealed record ProbeResult(bool Passed, string Detail)
{
    /// <summary>The service did what it should.</summary>
    public static ProbeResult Pass(string detail) => new(true, detail);

    /// <summary>It did not.</summary>
    public static ProbeResult Fail(string detail) => new(false, detail);
}
