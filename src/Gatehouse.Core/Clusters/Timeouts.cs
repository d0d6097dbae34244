namespace Gatehouse.Core.Clusters;

/// <summary>How long members wait for each other, by purpose. Each is at least twice what a busy machine of two processors took.</summary>
public static class Timeouts
{
    /// <summary>Between two looks at a state that is waited for.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Between two heartbeats of an agent.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    /// <summary>A member that was not heard of for so long is absent: nothing waits for it any more.</summary>
    public static readonly TimeSpan Absence = TimeSpan.FromSeconds(45);

    /// <summary>A database node that was not heard of for so long loses its vote to one that is there.</summary>
    public static readonly TimeSpan VoteAbsence = TimeSpan.FromSeconds(60);

    /// <summary>A heartbeat that is younger tells the present: three of them.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    /// <summary>A notification of members; one that misses it looks by itself within minutes.</summary>
    public static readonly TimeSpan Nudge = TimeSpan.FromSeconds(2);

    /// <summary>A question to several members at the same time.</summary>
    public static readonly TimeSpan Members = TimeSpan.FromSeconds(3);

    /// <summary>Connecting to an agent, TLS included.</summary>
    public static readonly TimeSpan Connect = TimeSpan.FromSeconds(15);

    /// <summary>An agent's answer. An issuer may be asked by hundreds at once, and a link that is cut in the middle is silent for
    /// ever.</summary>
    public static readonly TimeSpan Answer = TimeSpan.FromMinutes(2);

    /// <summary>Until the issuer takes the report that a host is set up: its agent may just be starting again.</summary>
    public static readonly TimeSpan Ready = TimeSpan.FromSeconds(30);

    /// <summary>The issuer's connection back to a host that joins.</summary>
    public static readonly TimeSpan Echo = TimeSpan.FromSeconds(3);

    /// <summary>The new list of revoked certificates, until every member has it.</summary>
    public static readonly TimeSpan Revocations = TimeSpan.FromSeconds(2);

    /// <summary>Until every member has followed a change that takes no apply, and each has a certificate of a new CA.</summary>
    public static readonly TimeSpan Follow = TimeSpan.FromSeconds(60);

    /// <summary>Until the members have followed a change of their firewall or of their databases' CA, which takes an apply.</summary>
    public static readonly TimeSpan FollowApply = TimeSpan.FromSeconds(45);

    /// <summary>Until the votes about who takes writes are as the cluster wants them.</summary>
    public static readonly TimeSpan Votes = TimeSpan.FromSeconds(90);

    /// <summary>Until the registry takes writes after Patroni moved or restarted its primary; also one order to Patroni.</summary>
    public static readonly TimeSpan Primary = TimeSpan.FromSeconds(60);

    /// <summary>Until a replica of the registry receives again by itself.</summary>
    public static readonly TimeSpan Replica = TimeSpan.FromSeconds(20);

    /// <summary>Until a replica of the registry that was copied anew receives.</summary>
    public static readonly TimeSpan ReplicaCopy = TimeSpan.FromSeconds(120);

    /// <summary>An apply that runs already, with packages to install.</summary>
    public static readonly TimeSpan Apply = TimeSpan.FromMinutes(20);

    /// <summary>Another run that makes this host a member, which is not waited for to its end.</summary>
    public static readonly TimeSpan Joining = TimeSpan.FromMinutes(2);

    /// <summary>A change of settings, until every member has followed or failed, and the approval of one.</summary>
    public static readonly TimeSpan Change = TimeSpan.FromMinutes(30);
}
