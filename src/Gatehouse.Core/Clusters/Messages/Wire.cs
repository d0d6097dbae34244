using System.Text.Json.Serialization;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Clusters.Messages;

/// <summary>The form of messages between members, and of what a member keeps of the cluster: JSON. Unknown members are ignored, so that
/// releases can differ.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    Converters = [typeof(AddressConverter)]
)]
[JsonSerializable(typeof(Introduction))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinAnswer))]
[JsonSerializable(typeof(JoinGrant))]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(LocalNode))]
[JsonSerializable(typeof(ReadyRequest))]
[JsonSerializable(typeof(RenewRequest))]
[JsonSerializable(typeof(RenewAnswer))]
[JsonSerializable(typeof(MoveRequest))]
[JsonSerializable(typeof(RemoveRequest))]
[JsonSerializable(typeof(RemoveAnswer))]
[JsonSerializable(typeof(Revocations))]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(ReplicaTrouble))]
public sealed partial class Wire : JsonSerializerContext
{
    /// <summary>The longest message that is read, in bytes.</summary>
    public const int MostBytes = 4 << 20;
}
