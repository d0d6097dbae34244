using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Core.Quarantine;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>Messages as JSON. Everything beyond plain ASCII is escaped, for it may be shown on a terminal, and strangers wrote
/// it.</summary>
internal static class QuarantineJson
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true };

    /// <summary>A node as text.</summary>
    public static string Text(JsonNode node) => node.ToJsonString(Options);

    /// <summary>A message, and what was done with it.</summary>
    public static JsonObject Of(QuarantinedMessage message, MessageClaim? claim, MessageState? state = null) =>
        new()
        {
            ["id"] = message.Id.ToString(),
            ["node"] = message.Node,
            ["received"] = message.Received.ToString("O"),
            ["verdict"] = message.Verdict,
            ["reason"] = message.Reason,
            ["score"] = message.Score,
            ["size"] = message.Size,
            ["client"] = message.Client,
            ["helo"] = message.Helo,
            ["sender"] = message.Sender,
            ["recipients"] = new JsonArray([.. message.Recipients.Select(r => (JsonNode)r)]),
            ["from"] = message.From,
            ["subject"] = message.Subject,
            ["state"] =
                claim is null ? state?.Word
                : claim.Done ? $"{claim.Action}d"
                : claim.Action,
            ["by"] = claim?.NodeName,
            ["person"] = state is { By.Length: > 0 } ? state.By : null,
            ["at"] = (claim?.At ?? state?.At)?.ToString("O"),
        };
}
