using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Printing;

namespace Gatehouse.Wizard;

/// <summary>What the administrator should know when a gateway has been set up.</summary>
internal static class NextSteps
{
    /// <summary>The lines for the wizard's last page. On a host, what a look around shows; in a tree, what the answers alone say.</summary>
    public static IEnumerable<string> Of(SetupSession session, Preview preview)
    {
        if (!session.Machine.IsLive)
            return Lines(preview.Settings, preview.Node, live: false);
        // The page is drawn once, after the apply.
        var outside = Task.Run(() =>
                OutsideReport.LookAsync(
                    session.Machine,
                    FactProbe.Gather(session.Clock),
                    preview.Settings,
                    session.LooksAtNetwork,
                    CancellationToken.None
                )
            )
            .GetAwaiter()
            .GetResult();
        return [.. outside.TaskLines(), .. outside.WarningLines()];
    }

    /// <summary>The sentences, in the order of their use.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="node">What came of it.</param>
    /// <param name="live">Whether the services run, rather than lie in a tree.</param>
    public static IEnumerable<string> Lines(GatewaySettings settings, RenderedNode node, bool live)
    {
        var web = settings.Web;
        if (live && web is not null)
            yield return $"Management web: https://{web.HostName}/ as '{web.Administrator}'.";
        if (web?.Password.Source == PasswordSource.Generate)
            yield return "The password of the management web was generated: /etc/gatehouse/secrets/web-password (root only).";
        if (settings.Mta is { Domains: { IsEmpty: false } domains } mta)
        {
            var names = string.Join(", ", domains.Take(5).Select(d => d.Domain));
            yield return $"Point the MX records of {names}{(domains.Length > 5 ? ", ..." : "")} to {mta.HostName}.";
        }

        if (
            node.Entries.FirstOrDefault(e =>
                e.Path.StartsWith("/etc/gatehouse/dkim/", StringComparison.Ordinal) && e.Kind == EntryKind.File
            ) is
            { } record
        )
            yield return $"Publish the DKIM record ({record.Path}):\n{node.Contents[record.Hash].Text.Trim()}";
    }
}
