using System.Globalization;
using System.Text;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>A report of a failed set-up, to be sent to somebody who can help. Every secret that is known is taken out.</summary>
internal static class SetupReport
{
    /// <summary>Writes it, readable by its owner alone; returns its path.</summary>
    public static string Write(SetupSession session, Interview interview, ApplyRun run, ApplyResult result)
    {
        session.Home.Prepare();
        var now = DateTimeOffset.UtcNow;
        var path = session.Home.File(string.Create(CultureInfo.InvariantCulture, $"report-{now:yyyyMMdd-HHmmss}.txt"));
        PrivateFile.Write(path, Encoding.UTF8.GetBytes(Of(session, interview, run.Lines, result, now)));
        return path;
    }

    /// <summary>Its text.</summary>
    internal static string Of(SetupSession session, Interview interview, IEnumerable<string> log, ApplyResult result, DateTimeOffset now)
    {
        var facts = session.Facts;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"gatehouse {Release.Version}, {now:u}\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"Debian {facts.Debian}, {facts.Processors} processors, {facts.MemoryBytes >> 20} MB of memory\n"
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"addresses {string.Join(", ", facts.Addresses)}; name servers {string.Join(", ", facts.Resolvers)}\n"
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"outcome: {result.Outcome}\n{result.Problem}\n\n--- answers\n{session.AnswerText(interview)}\n--- log\n"
        );
        foreach (var line in log)
            text.Append(line).Append('\n');
        // Commands are not given secrets to print; should one appear all the same, it does not leave this host.
        foreach (var secret in Secrets(session, interview).Where(s => s.Length > 0).OrderByDescending(s => s.Length))
            text.Replace(secret, "***");
        return text.ToString();
    }

    private static IEnumerable<string> Secrets(SetupSession session, Interview interview)
    {
        foreach (var typed in interview.SaveSecrets().Values)
            yield return typed;
        if (interview.Settings?.Web?.Password.Value is { } web)
            yield return web.Reveal();
        if (interview.Settings?.Mta?.SmartHostPassword?.Value is { } smartHost)
            yield return smartHost.Reveal();
        if (session.GeneratedPassword() is { } generated)
            yield return generated;
    }
}
