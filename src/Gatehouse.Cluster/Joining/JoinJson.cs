using System.Text.Json.Serialization;
using Gatehouse.Core.Values;

namespace Gatehouse.Cluster.Joining;

[JsonSourceGenerationOptions(UseStringEnumConverter = true, Converters = [typeof(AddressConverter)])]
[JsonSerializable(typeof(KeptGrant))]
internal sealed partial class JoinJson : JsonSerializerContext;
