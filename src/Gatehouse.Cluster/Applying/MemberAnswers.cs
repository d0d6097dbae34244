using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Applying;

/// <summary>
/// Answers that are given on a member. Which cluster it is of, its number and its peers are no matter of answers there: the
/// registry says so, and what is in force came from it.
/// </summary>
internal static class MemberAnswers
{
    /// <summary>The answers, with what the registry has said of the cluster on a member; on any other host as they are.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="screens">What is asked.</param>
    /// <param name="answers">What was answered.</param>
    public static Answers Keep(LocalMachine machine, ScreenSet screens, Answers answers)
    {
        if (
            !answers.Readable
            || new ClusterFiles(machine).Node is not { IsMember: true }
            || !File.Exists(machine.Real(AnswersInForce.Path))
        )
            return answers;
        var inForce = AnswerFile.Read(AnswersInForce.Path, File.ReadAllBytes(machine.Real(AnswersInForce.Path)), screens, new Report());
        return answers with
        {
            Values = answers
                .Values.RemoveRange(EffectiveAnswers.FromRegistry)
                .SetItems(inForce.Values.Where(v => EffectiveAnswers.FromRegistry.Contains(v.Key))),
        };
    }
}
