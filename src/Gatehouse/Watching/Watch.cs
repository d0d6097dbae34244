using System.Globalization;
using System.Text;
using Gatehouse.Core.Quarantine;
using Gatehouse.Core.Status;
using Gatehouse.Machines;

namespace Gatehouse.Watching;

/// <summary>
/// Tells the postmaster when a verification fails, once, and once when all is well again. The journal is told each time, at error level,
/// because the mail may be what is broken.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
internal sealed class Watch(LocalMachine machine, TimeProvider clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Whether another process applies right now, so that services may be restarting.</summary>
    public static bool IsApplying(LocalMachine machine) => ApplyLock.IsHeld(machine.Real(GenerationStore.Home));

    /// <summary>Tells what there is to tell of a verification, and records that it was told.</summary>
    public async Task TellAsync(VerifyRecord record, CancellationToken ct)
    {
        // systemd reads the level in front of a line (sd-daemon(3)); 3 is an error, 5 a notice.
        foreach (var failure in record.Failures)
            Console.Error.WriteLine($"<3>verification failed: {StrangerText.Of(failure, 1000)}");
        if (record.News == WatchNews.None)
            return;
        if (record.News == WatchNews.Well)
            Console.Error.WriteLine("<5>everything works again");
        var name = FactProbe.Gather(clock).HostName;
        if (await MailAsync(Message(name, record), ct) is { } problem)
        {
            // It is tried again after the next verification.
            Console.Error.WriteLine($"<3>the mail to the postmaster cannot be sent: {StrangerText.Of(problem, 500)}");
            return;
        }

        await VerifyStore.WriteAsync(machine, record with { IsTold = !record.IsHealthy }, ct);
    }

    /// <summary>The message.</summary>
    internal static string Message(string name, VerifyRecord record)
    {
        var text = new StringBuilder()
            .Append("To: postmaster\n")
            .Append(CultureInfo.InvariantCulture, $"From: Gatehouse <postmaster@{name}>\n")
            .Append(
                CultureInfo.InvariantCulture,
                $"Subject: {name}: {(record.IsHealthy ? "everything works again" : "a verification of the mail gateway fails")}\n"
            )
            .Append(
                "Auto-Submitted: auto-generated\nPrecedence: bulk\nMIME-Version: 1.0\nContent-Type: text/plain; "
                    + "charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
            );
        if (record.IsHealthy)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"All verifications of {name} passed at {record.Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC.\n"
            );
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"At {record.Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC, this failed on {name}:\n\n");
            foreach (var failure in record.Failures.Take(50))
                text.Append(CultureInfo.InvariantCulture, $"  - {StrangerText.Of(failure, 800)}\n");
            text.Append(
                "\n'gatehouse status' on that host shows its state, 'gatehouse verify' runs the verifications again.\nThe "
                    + "next message comes when everything works again.\n"
            );
        }

        return text.ToString();
    }

    private async Task<string?> MailAsync(string message, CancellationToken ct)
    {
        // To the postmaster of this host, whom Exim's configuration sends on. An empty sender makes no bounce of a bounce.
        var result = await machine.RunAsync(
            new Invocation(["exim4", "-oi", "-odb", "-f", "<>", "--", "postmaster"], message, Limit),
            null,
            ct
        );
        return result.Succeeded ? null
            : result.ExitCode == 127 ? "Exim is not installed on this host."
            : $"Exim exited with {result.ExitCode}: {result.All.Replace('\n', ' ')}";
    }
}
