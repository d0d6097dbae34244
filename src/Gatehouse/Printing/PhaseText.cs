using Gatehouse.Core.Planning;

namespace Gatehouse.Printing;

/// <summary>What the phases of an apply are called while they run.</summary>
internal static class PhaseText
{
    public static string Title(Phase phase) =>
        phase switch
        {
            Phase.Packages => "Installing packages",
            Phase.Check => "Checking the new configuration",
            Phase.Stop => "Stopping services that are no longer needed",
            Phase.Files => "Writing files",
            Phase.Services => "Reloading services",
            _ => "Verifying that everything works",
        };
}
