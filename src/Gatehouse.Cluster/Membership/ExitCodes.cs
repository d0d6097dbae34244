namespace Gatehouse.Cluster.Membership;

/// <summary>What an exit code says; the same for every command.</summary>
internal static class ExitCodes
{
    /// <summary>Done; healthy.</summary>
    public const int Done = 0;

    /// <summary>Failed; not healthy.</summary>
    public const int Failed = 1;

    /// <summary>Bad input or usage.</summary>
    public const int BadInput = 2;

    /// <summary>Refused before any change.</summary>
    public const int Refused = 3;

    /// <summary>Failed and rolled back.</summary>
    public const int RolledBack = 4;

    /// <summary>Cancelled.</summary>
    public const int Cancelled = 130;
}
