namespace Gatehouse.Cluster.Membership;

/// <summary>The copy of the answers that is in force on a host.</summary>
internal static class AnswersInForce
{
    /// <summary>Where it is.</summary>
    public const string Path = "/etc/gatehouse/answers.yaml";
}
