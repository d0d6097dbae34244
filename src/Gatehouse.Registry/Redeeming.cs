using System.Net;

namespace Gatehouse.Registry;

/// <summary>A host that shows a join code.</summary>
/// <param name="ClusterId">The cluster that it believes to join.</param>
/// <param name="CodeId">The code's id.</param>
/// <param name="KeyHash">SHA-256 of its public key (SubjectPublicKeyInfo), lower-case hexadecimal.</param>
/// <param name="Place">Where it says it is.</param>
/// <param name="From">Where its request came from; for the record.</param>
public sealed record RedeemRequest(string ClusterId, int CodeId, string KeyHash, NodePlace Place, string From);

/// <summary>What a code's secret is compared with.</summary>
/// <param name="Verifier">The verifier; it carries its salt.</param>
public sealed record StoredVerifier(ReadOnlyMemory<byte> Verifier);

/// <summary>The node that a code admits; its certificate is made from this and from nothing that the host asked for.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="Address">Its address.</param>
public sealed record AdmittedNode(int Number, string Name, string Profile, IPAddress Address);

/// <summary>What a host gets for its code.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="CertificatePem">Its certificate.</param>
/// <param name="Again">Whether it was given before: the host asked again because the first answer was lost.</param>
public sealed record RedeemedCode(int Number, string Name, string Profile, string CertificatePem, bool Again);

/// <summary>What a code is for, to the host that showed its secret.</summary>
/// <param name="Name">The name of the node.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="Again">What this host got for it before; null when it has not used it.</param>
/// <param name="Taken">Why no node can be admitted under this name at this address; null when one can.</param>
public sealed record ProbedCode(string Name, string Profile, RedeemedCode? Again, string? Taken);
