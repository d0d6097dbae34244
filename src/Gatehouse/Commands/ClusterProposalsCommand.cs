using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse cluster proposals</c></summary>
internal static class ClusterProposalsCommand
{
    private static readonly Option<int> Most = new("--most")
    {
        Description = "How many of the newest changes to show.",
        HelpName = "N",
        DefaultValueFactory = _ => 10,
    };

    public static Command Create()
    {
        var command = new Command(
            "proposals",
            """
            Shows the changes to the cluster's settings, newest first: which node proposed each and when, what it changes, its
            progress, and who approved it. Secrets are not shown.

            Example: gatehouse cluster proposals --most 3
            """
        )
        {
            Most,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var most = parse.GetValue(Most);
        if (most is < 1 or > 1000)
            throw new SequenceException(ExitCodes.BadInput, "--most must be 1 to 1000.");
        await using var registry = RegistryAccess.Open(MemberCommand.Member(parse));
        var proposals = await Proposal.ListAsync(registry, await registry.ViewAsync(ct), Shipped.Screens(), most, ct);
        Console.Out.WriteLine(
            parse.GetValue(GlobalOptions.Json)
                ? Json.Text(new JsonObject { ["proposals"] = new JsonArray([.. proposals.Select(p => (JsonNode)AsJson(p))]) })
                : string.Join("\n\n", proposals.Select(AsText))
        );
        return ExitCodes.Done;
    }

    /// <summary>A change in lines.</summary>
    internal static string AsText(Proposal proposal)
    {
        var version = proposal.Version;
        var lines = new List<string>
        {
            string.Create(
                CultureInfo.InvariantCulture,
                $"Version {version.Number}, proposed by {proposal.Author} on {version.Created.ToLocalTime():yyyy-MM-dd HH:mm:ss}: "
                    + $"{State(proposal)}"
            ),
        };
        lines.AddRange(proposal.Changes.Select(c => $"  {c}"));
        lines.AddRange(
            proposal.Approvals.Select(a =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  approved by {a.By}{(a.ByToken ? " with the master token" : "")} on {a.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}"
                )
            )
        );
        if (version.Note.Length > 0)
            lines.Add($"  {version.Note}");
        if (proposal.Waits)
            lines.Add($"  {ApprovalRules.HowTo(proposal.Needed, version.Number, proposal.Author)}");
        return string.Join('\n', lines.Select(AgentClient.Printable));
    }

    private static string State(Proposal proposal) =>
        proposal.Version.State switch
        {
            SettingsState.Trying when proposal is { Needed: not ApprovalMode.None, Approvals.IsEmpty: true } => "waits for approval",
            SettingsState.Trying => $"being tried on {proposal.Author}",
            SettingsState.Following => "the members apply it",
            SettingsState.Good => "applied on all members",
            _ => "withdrawn",
        };

    private static JsonObject AsJson(Proposal proposal) =>
        new()
        {
            ["version"] = proposal.Version.Number,
            ["base"] = proposal.Version.Base,
            ["state"] = proposal.Version.State.ToString().ToLowerInvariant(),
            ["author"] = proposal.Author,
            ["proposed"] = proposal.Version.Created.ToString("O"),
            ["needs"] = ApprovalRules.Word(proposal.Needed),
            ["approvals"] = new JsonArray([
                .. proposal.Approvals.Select(a =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["by"] = a.By,
                            ["with_token"] = a.ByToken,
                            ["at"] = a.At.ToString("O"),
                        }
                ),
            ]),
            ["changes"] = new JsonArray([.. proposal.Changes.Select(c => (JsonNode)c)]),
            ["note"] = proposal.Version.Note,
        };
}
