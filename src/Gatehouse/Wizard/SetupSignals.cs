using System.Runtime.InteropServices;

namespace Gatehouse.Wizard;

/// <summary>Signals that end a wizard. They are noted here and obeyed by the wizard's own loop, which saves what was typed first.</summary>
internal sealed class SetupSignals : IDisposable
{
    /// <summary>The reason of a hang-up.</summary>
    public const string Gone = "the terminal is gone";

    /// <summary>The reason when the operator pressed Ctrl-C.</summary>
    public const string Interrupted = "interrupted";

    private readonly PosixSignalRegistration[] registrations;
    private volatile string? reason;

    public SetupSignals()
    {
        registrations =
        [
            Register(PosixSignal.SIGINT, Interrupted),
            Register(PosixSignal.SIGQUIT, Interrupted),
            Register(PosixSignal.SIGTERM, "ended by a signal"),
            Register(PosixSignal.SIGHUP, Gone),
        ];
    }

    /// <summary>Why the wizard has to end; null while it need not.</summary>
    public string? Reason => reason;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal, string why) =>
        PosixSignalRegistration.Create(
            signal,
            context =>
            {
                context.Cancel = true;
                // A lost terminal lets an apply go on; whoever then sends a signal means it.
                if (reason is null or Gone)
                    reason = why;
            }
        );
}
