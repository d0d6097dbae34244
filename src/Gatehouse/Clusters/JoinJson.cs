using System.Text.Json.Serialization;
using Gatehouse.Core.Clusters.Messages;

namespace Gatehouse.Clusters;

[JsonSourceGenerationOptions(UseStringEnumConverter = true, Converters = [typeof(AddressConverter)])]
[JsonSerializable(typeof(KeptGrant))]
internal sealed partial class JoinJson : JsonSerializerContext;
