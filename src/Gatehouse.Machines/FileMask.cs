namespace Gatehouse.Machines;

/// <summary>The mode that new files get by default (umask(2)).</summary>
public static class FileMask
{
    /// <summary>
    /// Sets the usual mask, 022, whatever the caller of the program prefers: daemons of other users check the staged files.
    /// What is secret is made with a mode of its own.
    /// </summary>
    public static void SetUsual() => _ = LibC.SetMask(0b010_010);
}
