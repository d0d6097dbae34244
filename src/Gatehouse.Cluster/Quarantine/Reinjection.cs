using System.Collections.Immutable;
using System.Text;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>Gives a message from the quarantine back to Exim: past the scanner, which would only find the same again, and with a
/// trace.</summary>
internal static class Reinjection
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Hands a message over. Exim has all of it or nothing of it: it reads a finished file, also when this program is
    /// killed.</summary>
    /// <param name="host">The host.</param>
    /// <param name="store">The quarantine.</param>
    /// <param name="message">The message.</param>
    /// <param name="outgoing">Where to put it together, on this host's disk.</param>
    /// <param name="by">The name of this host.</param>
    /// <param name="to">Whom to deliver it to.</param>
    /// <param name="ct">Ends it, before Exim is asked.</param>
    /// <exception cref="MachineException">Exim did not take it.</exception>
    /// <exception cref="UnknownEndException">Whether Exim took it is not known.</exception>
    public static async Task RunAsync(
        LocalMachine host,
        QuarantineStore store,
        StoredMessage message,
        string outgoing,
        string by,
        ImmutableArray<string> to,
        CancellationToken ct
    )
    {
        // The log names the message that this one was made from, by which 'gatehouse logs' follows it.
        var machine = new ReferringExim(host, message.Message.Message);
        try
        {
            await using (var source = store.Open(message))
            await using (
                var target = new FileStream(
                    outgoing,
                    new FileStreamOptions
                    {
                        Mode = FileMode.Create,
                        Access = FileAccess.Write,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                )
            )
            {
                await target.WriteAsync(
                    Encoding.ASCII.GetBytes($"X-Gatehouse-Released: {message.Message.Id}, {message.Message.Verdict}, by {by}\n"),
                    ct
                );
                await source.CopyToAsync(target, ct);
            }

            // Root may name the sender; the protocol shows in Exim's log. "-oi": a line with a dot alone ends nothing.
            var result = await machine.RunAsync(
                new Invocation(
                    [
                        "sh",
                        "-c",
                        "exec exim4 \"$@\" <\"$0\"",
                        outgoing,
                        "-odb",
                        "-oi",
                        "-oMr",
                        Protocol(message.Message),
                        "-f",
                        message.Message.Sender.Length == 0 ? "<>" : message.Message.Sender,
                        "--",
                        .. to,
                    ],
                    Timeout: Limit
                ),
                null,
                CancellationToken.None
            );
            if (!IsKnown(result.ExitCode))
                throw new UnknownEndException(
                    $"Exim did not say in time whether it took {message.Message.Id}; whether that is delivered is not known (look for "
                        + $"P=gatehouse-release in /var/log/exim4/mainlog). With --again it is released once more, and its recipients may "
                        + $"get it twice."
                );
            if (!result.Succeeded)
                throw new MachineException(
                    $"Exim did not take {message.Message.Id}; it exited with "
                        + $"{result.ExitCode}{MachineException.Tail(StrangerText.Of(result.All.Replace('\n', ' '), 1000))}"
                );
        }
        finally
        {
            Discard(outgoing);
        }
    }

    // Exim signs mail of the relay networks only (acl_check_local); the protocol tells it which this was.
    private static string Protocol(QuarantinedMessage message) => message.IsOurs ? "gatehouse-release-ours" : "gatehouse-release";

    /// <summary>Whether an exit code tells how it ended. One who was ended by time or by a signal may have taken the message
    /// before.</summary>
    internal static bool IsKnown(int exitCode) => exitCode is not (124 or > 128);

    // What stays there is overwritten by the next release; what has happened does not become undone by it.
    private static void Discard(string outgoing)
    {
        try
        {
            File.Delete(outgoing);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
    }
}

/// <summary>It was begun, and nobody knows how it ended.</summary>
internal sealed class UnknownEndException(string message) : MachineException(message);
