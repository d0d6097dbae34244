using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Reports;

namespace Gatehouse.Printing;

/// <summary>The nouns of the line as JSON. Secrets are in none of them.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Any node as text.</summary>
    public static string Text(JsonNode node) => node.ToJsonString(Options);

    /// <summary>Findings.</summary>
    public static string Findings(Report report) =>
        Text(
            new JsonObject
            {
                ["valid"] = !report.HasErrors,
                ["findings"] = new JsonArray([
                    .. report.Select(f =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["severity"] = f.SeverityName,
                                ["code"] = f.Code,
                                ["path"] = f.Path,
                                ["file"] = f.Origin?.File,
                                ["line"] = f.Origin?.Line,
                                ["column"] = f.Origin?.Column,
                                ["message"] = f.Message,
                            }
                    ),
                ]),
            }
        );

    /// <summary>A plan.</summary>
    public static JsonObject Plan(Plan plan) =>
        new()
        {
            ["changes"] = !plan.IsEmpty,
            ["steps"] = new JsonArray([
                .. plan.Steps.Select(s =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["phase"] = s.Phase.ToString().ToLowerInvariant(),
                            ["step"] = s.Describe(),
                            ["path"] = (s as PutEntry)?.Entry.Path,
                            ["unit"] = s is UnitAction { Unit.Length: > 0 } action ? action.Unit : null,
                        }
                ),
            ]),
        };

    /// <summary>A generation, without its contents.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="isApplying">Whether an apply is at work right now.</param>
    public static JsonObject Generation(Generation generation, bool isApplying = false) =>
        new()
        {
            ["number"] = generation.Number,
            ["time"] = generation.Time.ToString("O"),
            ["state"] = StateText(generation.State, isApplying),
            ["reason"] = generation.Reason,
            ["by"] = generation.By.Length > 0 ? generation.By : null,
            ["steps"] = new JsonArray([.. generation.Summary.Select(s => (JsonNode)s)]),
        };

    /// <summary>A state in the words of the screens.</summary>
    /// <param name="state">The state.</param>
    /// <param name="isApplying">Whether an apply is at work right now: what is half done is then not cut off.</param>
    public static string StateText(GenerationState state, bool isApplying = false) =>
        state switch
        {
            GenerationState.Original => "original",
            GenerationState.Swapping => isApplying ? "applying" : "interrupted",
            GenerationState.Good => "good",
            GenerationState.Edited => "edited",
            _ => "rolled back",
        };
}
