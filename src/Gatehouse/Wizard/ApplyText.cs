using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>How an apply ended, in the words and codes of both faces of the wizard.</summary>
internal static class ApplyText
{
    /// <summary>A word or two.</summary>
    public static string Title(ApplyResult result) =>
        result.Outcome switch
        {
            Outcome.Applied or Outcome.Nothing => "Done",
            Outcome.Refused => "Not applied",
            Outcome.RolledBack => "Rolled back",
            _ => "Failed",
        };

    /// <summary>What that means for the host.</summary>
    public static string State(ApplyResult result) =>
        result.Outcome switch
        {
            Outcome.Applied or Outcome.Nothing => "It is in place and verified.",
            Outcome.Refused => "Nothing in place was changed; what ran before goes on running. Installed packages stay.",
            Outcome.RolledBack => "Everything was put back: the host works as before.",
            _ => "The host could not be put back and needs you. 'gatehouse rollback --interrupted' tries again.",
        };

    /// <summary>What is said while it is worked out what a task would do.</summary>
    public static string Preparing(WizardTask task) => task.AsksSettings ? "Working out what would change ..." : "Asking the cluster ...";

    /// <summary>What is said when that could not be worked out, before the reason.</summary>
    public static string NotPrepared(WizardTask task) =>
        task.AsksSettings ? "It could not be worked out what would change:" : "The cluster could not be joined so:";

    /// <summary>The exit code.</summary>
    public static int Code(ApplyResult result) =>
        result.Outcome switch
        {
            Outcome.Applied or Outcome.Nothing => ExitCodes.Done,
            Outcome.Refused => ExitCodes.Refused,
            Outcome.RolledBack => ExitCodes.RolledBack,
            _ => ExitCodes.Failed,
        };
}
