using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Clusters;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse invite</c></summary>
internal static class InviteCommand
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);
    private static readonly Argument<string> Name = new("NAME") { Description = "The fully qualified name that the new node has." };
    private static readonly Option<string> ProfileOption = new("--profile") { Description = "The profile that it gets.", HelpName = "PROFILE", Required = true };
    private static readonly Option<int> Hours = new("--hours") { Description = "How long the code is good.", HelpName = "N", DefaultValueFactory = _ => 3 };
    private static readonly Option<bool> Replace = new("--replace") { Description = "Withdraw a code for this name that is still good." };

    public static Command Create()
    {
        var command = new Command("invite", "Prints a join code for a new node: for this name and profile, good for one use.\nType it on the new host: gatehouse join ADDRESS CODE\n\nExample: gatehouse invite mx2.example.org --profile node") { Name, ProfileOption, Hours, Replace };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        if (!Names.TryParse(parse.GetValue(Name)!, 2, out var name)) throw new SequenceException(ExitCodes.BadInput, $"'{parse.GetValue(Name)}' is no fully qualified host name; write one such as mx2.example.org.");
        var profile = parse.GetValue(ProfileOption)!;
        var profiles = Profile.Supported.Where(p => Profile.Find(p)!.Clustered).ToArray();
        if (!profiles.Contains(profile)) throw new SequenceException(ExitCodes.BadInput, $"'{profile}' is no profile that a node can join with; there are {string.Join(", ", profiles)}.");
        var life = TimeSpan.FromHours(parse.GetValue(Hours));
        if (life <= TimeSpan.Zero || life > Longest) throw new SequenceException(ExitCodes.BadInput, $"--hours is 1 to {Longest.TotalHours:0}.");

        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        var trust = TrustStore.Read(string.Concat(view.Roots), "");
        var code = JoinCode.Make(RandomNumberGenerator.GetBytes(JoinCode.RandomBytes), Pin.Of(trust.Roots[^1]));
        var verifier = CodeVerifier.Of(code, RandomNumberGenerator.GetBytes(CodeVerifier.SaltBytes)).ToString();
        JoinCode.TryNumber(code.Id, out var number);
        var expires = TimeProvider.System.GetUtcNow() + life;
        // The verifier carries its salt.
        await registry.InviteAsync(new NewCode(number, name, profile, Encoding.ASCII.GetBytes(verifier), new byte[CodeVerifier.SaltBytes], expires), parse.GetValue(Replace), ct);

        foreach (var warning in PlacementRules.Warnings(view.Members.Select(n => (n.Profile, n.Location)).Append((profile, "")))) Console.Error.WriteLine($"note: {warning}");
        var issuer = view.Node(view.Cluster.Issuer)!;
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Text(new JsonObject { ["id"] = code.Id, ["code"] = code.Text.Reveal(), ["name"] = name, ["profile"] = profile, ["address"] = issuer.Address.ToString(), ["expires"] = expires.ToString("O") }));
        else
            Console.Out.WriteLine($"""
                On {name}, until {expires.ToLocalTime():yyyy-MM-dd HH:mm}:

                  gatehouse join {issuer.Address} {code.Text.Reveal()}

                It works once. 'gatehouse invite {name} --profile {profile} --replace' makes another and withdraws this one.
                """);
        return ExitCodes.Done;
    }
}
