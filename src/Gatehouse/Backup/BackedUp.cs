using System.Collections.Immutable;

namespace Gatehouse.Backup;

/// <summary>What a backup takes of the configuration.</summary>
/// <param name="Files">Its files.</param>
/// <param name="LeftOut">Files that the answers name and the backup does not take, each with the reason.</param>
internal sealed record BackedUp(ImmutableArray<string> Files, ImmutableArray<string> LeftOut);
