namespace Gatehouse.Core.Clusters;

/// <summary>How a node fared with a settings version.</summary>
/// <param name="Node">The node's number.</param>
/// <param name="Version">The settings version.</param>
/// <param name="Applied">Whether it is in force and verified there; otherwise the node went back to what it had.</param>
/// <param name="Message">Which step failed and what it printed; empty when it was applied.</param>
/// <param name="At">When.</param>
public sealed record SettingsResult(int Node, long Version, bool Applied, string Message, DateTimeOffset At);
