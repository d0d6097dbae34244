namespace Gatehouse.Core.Clusters;

/// <summary>A cluster: nodes under one trust, with one registry.</summary>
/// <param name="Id">32 hexadecimal digits, random, for ever. Certificates, codes and backups carry it, so nothing of another cluster is
/// taken for ours.</param>
/// <param name="Name">What its administrators call it.</param>
/// <param name="Epoch">Counts promotions. Whoever acts by an older epoch is out of date and steps down.</param>
/// <param name="Issuer">The number of the node that signs certificates and has bootstrap duty.</param>
/// <param name="Created">When it was bootstrapped.</param>
public sealed record Cluster(string Id, string Name, long Epoch, int Issuer, DateTimeOffset Created);
