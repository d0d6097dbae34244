using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Wizard;

/// <summary>A sequence of a cluster as an apply in the background: how it ends, in an apply's words.</summary>
internal static class SequenceRun
{
    /// <summary>What an end in the middle means.</summary>
    public const string Unfinished = "It is not finished. What was done so far stays, and a retry continues where it stopped.";

    /// <summary>Begins one.</summary>
    /// <param name="sequence">The sequence, given who is told how it goes.</param>
    /// <param name="isBegun">Whether something in place has been changed that a failure leaves there.</param>
    public static ApplyRun Begin(Func<IApplyLog, CancellationToken, Task> sequence, Func<bool> isBegun)
    {
        var run = new ApplyRun();
        run.Begin(async ct =>
        {
            try
            {
                await sequence(run, ct);
                return new ApplyResult(Outcome.Applied, null, "");
            }
            catch (SequenceException e)
            {
                return new ApplyResult(Of(e.Code, isBegun), null, e.Message);
            }
            catch (Exception e)
                when (e is RegistryException or AgentException or TrustException or InvalidDataException or MachineException or IOException)
            {
                return new ApplyResult(isBegun() ? Outcome.Broken : Outcome.Refused, null, e.Message);
            }
            catch (OperationCanceledException)
            {
                return new ApplyResult(isBegun() ? Outcome.Broken : Outcome.RolledBack, null, "It was stopped by the operator.");
            }
        });
        return run;
    }

    private static Outcome Of(int code, Func<bool> isBegun) =>
        code switch
        {
            ExitCodes.RolledBack => Outcome.RolledBack,
            ExitCodes.Failed => Outcome.Broken,
            _ => isBegun() ? Outcome.Broken : Outcome.Refused,
        };
}
