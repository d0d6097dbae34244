using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;

namespace Gatehouse.Terminal;

/// <summary>What commands of a cluster have in common: who may run them, and how their failures are told.</summary>
internal static class MemberCommand
{
    /// <summary>Runs a command and tells what goes wrong, with its exit code.</summary>
    public static async Task<int> RunAsync(ParseResult parse, Func<Task<int>> run)
    {
        if (Preconditions.Problem(parse) is { } problem)
            return Tell(ExitCodes.Refused, $"refused: {problem}");
        try
        {
            return await run();
        }
        catch (SequenceException e)
        {
            return Tell(e.Code, e.Message);
        }
        catch (RegistryException e)
        {
            return Tell(
                e.Failure is RegistryFailure.Unreachable or RegistryFailure.Schema ? ExitCodes.Failed : ExitCodes.Refused,
                e.Message
            );
        }
        catch (Exception e) when (e is AgentException or TrustException or InvalidDataException)
        {
            return Tell(ExitCodes.Failed, e.Message);
        }
    }

    /// <summary>This node as a member.</summary>
    /// <exception cref="SequenceException">It is none.</exception>
    public static LocalNode Member(ParseResult parse) =>
        new ClusterFiles(GlobalOptions.Machine(parse)).Node
        ?? throw new SequenceException(
            ExitCodes.Refused,
            "this host is not a member of a cluster. 'gatehouse bootstrap' creates a cluster, 'gatehouse join ADDRESS CODE' joins one."
        );

    private static int Tell(int code, string message)
    {
        Console.Error.WriteLine($"gatehouse: {message}");
        return code;
    }
}
