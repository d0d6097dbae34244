namespace Gatehouse.Core.Outside;

/// <summary>
/// Something about the world around a gateway that keeps mail from working, although the gateway itself is well: DNS, destinations,
/// signatures, memory. It is shown wherever verifications are, and never fails a command.
/// </summary>
/// <param name="Id">A stable name, such as <c>mx-missing</c>.</param>
/// <param name="Subject">What it is about: a domain, a name, an address.</param>
/// <param name="Problem">What is wrong, as a sentence.</param>
/// <param name="Remedy">What to do, as a sentence.</param>
public sealed record OutsideWarning(string Id, string Subject, string Problem, string Remedy)
{
    /// <summary>Problem and remedy.</summary>
    public override string ToString() => $"{Problem} {Remedy}";
}
