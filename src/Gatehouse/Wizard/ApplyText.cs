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
            Outcome.Refused => "Nothing in place was changed; services that ran before still run. Installed packages stay.",
            Outcome.RolledBack => "Everything was rolled back; the host works as before.",
            _ => "The host could not be rolled back and needs your attention. 'gatehouse rollback --interrupted' tries again.",
        };

    /// <summary>What is said while it is worked out what a task would do.</summary>
    public static string Preparing(WizardTask task) =>
        task.AsksSettings ? "Working out what would change ..." : "Contacting the cluster ...";

    /// <summary>What is said when that could not be worked out, before the reason.</summary>
    public static string NotPrepared(WizardTask task) =>
        task.AsksSettings ? "Gatehouse could not work out what would change:" : "This host cannot join the cluster:";

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
