using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;

namespace Gatehouse;

/// <summary>What the administrator should know after the first apply.</summary>
internal static class NextSteps
{
    public static void Write(GatewaySettings settings, RenderedNode node, ApplyResult result, bool live)
    {
        if (result is not { Outcome: Outcome.Applied, Generation.Number: 1 }) return;
        if (live) Console.Out.WriteLine($"Management web: https://{settings.Web.HostName}/ as '{settings.Web.Administrator}'.");
        if (settings.Web.Password.Source == PasswordSource.Generate) Console.Out.WriteLine("Its password was generated: /etc/gatehouse/secrets/web-password (root only).");
        if (!settings.Mta.Domains.IsEmpty) Console.Out.WriteLine($"Point the MX records of {string.Join(", ", settings.Mta.Domains.Take(5).Select(d => d.Domain))}{(settings.Mta.Domains.Length > 5 ? ", ..." : "")} to {settings.Mta.HostName}.");
        if (node.Entries.FirstOrDefault(e => e.Path.StartsWith("/etc/gatehouse/dkim/", StringComparison.Ordinal) && e.Kind == EntryKind.File) is { } record)
            Console.Out.WriteLine($"Publish the DKIM record ({record.Path}):\n{node.Contents[record.Hash].Text.Trim()}");
    }
}
