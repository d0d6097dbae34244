using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse invite</c></summary>
internal static class InviteCommand
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);
    private static readonly Argument<string> Name = new("NAME") { Description = "The fully qualified name of the new node." };
    private static readonly Option<string> ProfileOption = new("--profile")
    {
        Description = "The profile of the new node.",
        HelpName = "PROFILE",
        Required = true,
    };
    private static readonly Option<int> Hours = new("--hours")
    {
        Description = "How long the code is valid.",
        HelpName = "N",
        DefaultValueFactory = _ => 3,
    };
    private static readonly Option<bool> Replace = new("--replace") { Description = "Withdraw a code for this name that is still valid." };

    private static readonly Option<string?> Bundle = new("--bundle")
    {
        Description = "Write code, CA and addresses to FILE, to be copied to the new host; the code is not printed.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command(
            "invite",
            "Prints a join code for a new node with this name and profile; it is valid once. Run this on a node that holds "
                + "the registry.\nThen type on the new host: gatehouse join ADDRESS CODE\n\nExample: gatehouse invite "
                + "mx2.example.org --profile node"
        )
        {
            Name,
            ProfileOption,
            Hours,
            Replace,
            Bundle,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        if (!Names.TryParse(parse.GetValue(Name)!, 2, out var name))
            throw new SequenceException(
                ExitCodes.BadInput,
                $"'{parse.GetValue(Name)}' is not a fully qualified host name; write one such as mx2.example.org."
            );
        var profile = Invitation.JoinableProfile(parse.GetValue(ProfileOption)!);
        var life = TimeSpan.FromHours(parse.GetValue(Hours));
        if (life <= TimeSpan.Zero || life > Longest)
            throw new SequenceException(ExitCodes.BadInput, $"--hours must be 1 to {Longest.TotalHours:0}.");
        var file = parse.GetValue(Bundle) is { } given ? Path.GetFullPath(given) : null;
        if (file is not null && (File.Exists(file) || Directory.Exists(file)))
            throw new SequenceException(ExitCodes.BadInput, $"{file} already exists; name another file for the bundle.");
        if (file is not null && !Directory.Exists(Path.GetDirectoryName(file)))
            throw new SequenceException(ExitCodes.BadInput, $"the directory {Path.GetDirectoryName(file)} for the bundle does not exist.");

        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        Invitation.RequireMaker(view, me.Number);
        var made = await Invitation.MakeAsync(
            registry,
            view,
            name,
            profile,
            TimeProvider.System.GetUtcNow() + life,
            parse.GetValue(Replace),
            ct
        );
        if (file is not null)
            await WriteAsync(registry, made, view, file);

        var nodes = view.Members.Select(n => (n.Profile, n.Location)).Append((profile, "")).ToArray();
        foreach (var warning in PlacementRules.Warnings(nodes).Concat(PlacementRules.Advice(nodes)))
            Console.Error.WriteLine($"note: {warning}");
        Console.Out.WriteLine(parse.GetValue(GlobalOptions.Json) ? AsJson(made, view, file) : AsText(made, view, file));
        return ExitCodes.Done;
    }

    // A code that nobody can use because the file could not be written is withdrawn.
    private static async Task WriteAsync(ClusterRegistry registry, Invitation made, ClusterView view, string file)
    {
        try
        {
            PrivateFile.Write(file, Encoding.UTF8.GetBytes(made.Bundle(view, Release.Version).Write().Reveal()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await registry.WithdrawCodeAsync(made.Number, "its bundle could not be written", CancellationToken.None);
            throw new SequenceException(ExitCodes.Failed, $"the bundle cannot be written: {e.Message} The code was withdrawn.", e);
        }
    }

    private static string AsText(Invitation made, ClusterView view, string? file) =>
        file is null
            ? $"""
                On {made.Name}, until {made.Expires.ToLocalTime():yyyy-MM-dd HH:mm}:

                  gatehouse join {view.Node(view.Cluster.Issuer)!.Address} {made.Code.Text.Reveal()}

                It works once. 'gatehouse invite {made.Name} --profile {made.Profile} --replace' replaces it with a new one.
                """
            : $"""
                The bundle is in {file}. Copy it to {made.Name}, then run there, until {made.Expires.ToLocalTime():yyyy-MM-dd HH:mm}:

                  gatehouse join --bundle {Path.GetFileName(file)}

                The bundle works once. Anyone who has the file can use it; delete it when the host has joined.
                """;

    private static string AsJson(Invitation made, ClusterView view, string? file)
    {
        var json = new JsonObject
        {
            ["id"] = made.Code.Id,
            ["name"] = made.Name,
            ["profile"] = made.Profile,
            ["address"] = view.Node(view.Cluster.Issuer)!.Address.ToString(),
            ["expires"] = made.Expires.ToString("O"),
        };
        if (file is null)
            json["code"] = made.Code.Text.Reveal();
        else
            json["bundle"] = file;
        return Json.Text(json);
    }
}
