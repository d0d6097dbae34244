using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters.Messages;

/// <summary>A member asks the issuer to remove a node, or itself.</summary>
/// <param name="Number">The node's number.</param>
/// <param name="Name">Its name, so that a mistaken number removes nobody.</param>
/// <param name="Why">Why, for the record.</param>
public sealed record RemoveRequest(int Number, string Name, string Why);

/// <summary>A node was removed.</summary>
/// <param name="Removed">False when it was before.</param>
/// <param name="Unlisted">How many of its certificates that have not ended no revocation list can name: a CA has signed them whose key is
/// gone.</param>
public sealed record RemoveAnswer(bool Removed, int Unlisted);

/// <summary>The revocation lists of the cluster. They are for everybody: each is signed by its CA.</summary>
/// <param name="Lists">PEM.</param>
public sealed record Revocations(ImmutableArray<string> Lists);
