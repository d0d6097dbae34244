namespace Gatehouse.Core.Clusters.Messages;

/// <summary>A node that was joining is set up.</summary>
/// <param name="Answers">Its own answers, an answer file.</param>
public sealed record ReadyRequest(string Answers);

/// <summary>A member says where it is from now on.</summary>
/// <param name="Address">Where the others reach it.</param>
public sealed record MoveRequest(string Address);

/// <summary>A member asks for its next certificate.</summary>
/// <param name="Request">The certificate request, PEM.</param>
public sealed record RenewRequest(string Request);

/// <summary>A member's next certificate.</summary>
/// <param name="Certificate">It and the issuing CA's, PEM.</param>
public sealed record RenewAnswer(string Certificate);

/// <summary>Why a request was refused.</summary>
/// <param name="Code">A stable name.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record Refusal(string Code, string Message);
