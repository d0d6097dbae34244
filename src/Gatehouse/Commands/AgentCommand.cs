using System.CommandLine;
using Gatehouse.Agent.Service;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse agent</c></summary>
internal static class AgentCommand
{
    public static Command Create()
    {
        var command = new Command(
            "agent",
            "Runs the agent of a cluster member; gatehouse-agent.service does this.\nIt serves status and join requests on "
                + "TCP port 1028 and changes nothing on the host."
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        // The command line cancels what has given back control once; a signal before that ends the process as if it had failed.
        await Task.Yield();
        try
        {
            await AgentProcess.RunAsync(GlobalOptions.Machine(parse), TimeProvider.System, Release.Version, Console.Error.WriteLine, ct);
            return ExitCodes.Done;
        }
        catch (TrustException e)
        {
            Console.Error.WriteLine($"gatehouse: {e.Message}");
            return ExitCodes.Failed;
        }
    }
}
