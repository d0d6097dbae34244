namespace Gatehouse.Core.Settings;

/// <summary>Which approval a change to the cluster's settings needs before the other members follow it.</summary>
public enum ApprovalMode
{
    /// <summary>None: what one member verified, all follow.</summary>
    None,

    /// <summary>That of an administrator on another active member.</summary>
    Member,

    /// <summary>That of whoever has the master token.</summary>
    Token,
}
