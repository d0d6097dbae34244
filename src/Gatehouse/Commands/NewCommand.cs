using System.CommandLine;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Reference;
using Gatehouse.Core.Screens;
using Gatehouse.Machines;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse new --profile P</c></summary>
internal static class NewCommand
{
    public static Command Create()
    {
        var profile = new Option<string>("--profile")
        {
            Description = "The profile of the node.",
            HelpName = "P",
            DefaultValueFactory = _ => "standalone",
        };
        profile.AcceptOnlyFromAmong([.. Profile.Names]);
        var command = new Command(
            "new",
            "Prints an answer file to start from, with every question explained and this host's values filled in.\n\nExample: gatehouse "
                + "new > answers.yaml"
        )
        {
            profile,
        };
        command.SetAction(parse =>
        {
            Console.Out.Write(
                AnswerSkeleton.Of(Shipped.Screens(), Profile.Find(parse.GetValue(profile)!)!, FactProbe.Gather(TimeProvider.System))
            );
            return ExitCodes.Done;
        });
        return command;
    }
}
