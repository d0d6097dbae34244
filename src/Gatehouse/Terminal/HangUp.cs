using System.Runtime.InteropServices;

namespace Gatehouse.Terminal;

/// <summary>
/// A lost terminal ends no change halfway: while this lives, a hang-up (SIGHUP) is ignored and nothing more is printed. The
/// journal and the history say how the change ended.
/// </summary>
internal static class HangUp
{
    /// <summary>Begins to outlive hang-ups, until it is disposed.</summary>
    public static IDisposable Outlive() =>
        PosixSignalRegistration.Create(
            PosixSignal.SIGHUP,
            context =>
            {
                context.Cancel = true;
                Console.SetOut(TextWriter.Null);
                Console.SetError(TextWriter.Null);
            }
        );
}
