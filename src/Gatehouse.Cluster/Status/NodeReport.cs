using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Core.Clusters;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Status;

/// <summary>What the registry knows of nodes, as text and as JSON.</summary>
internal static class NodeReport
{
    /// <summary>The head of the list and a row for each member and each code that is still open.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="codes">All codes.</param>
    public static IEnumerable<ImmutableArray<string>> Table(ClusterView view, IEnumerable<CodeRecord> codes)
    {
        yield return ["NUMBER", "NAME", "ADDRESS", "PROFILE", "STATE", "LOCATION", "VERSION", "SETTINGS", "SEEN"];
        foreach (var n in view.Members.OrderBy(n => n.Number))
        {
            yield return
            [
                Text($"{n.Number}"),
                n.Name,
                n.Address.ToString(),
                n.Profile,
                n.Number == view.Cluster.Issuer ? "issuer" : n.State.ToString().ToLowerInvariant(),
                Or(n.Location),
                Or(n.Release),
                Text($"{n.SettingsVersion}"),
                Time(n.LastSeen),
            ];
        }

        foreach (var c in Open(view, codes))
            yield return ["-", c.NodeName, "-", c.Profile, "invited", "-", "-", "-", $"code until {Time(c.Expires)}"];
    }

    /// <summary>The codes that a host could join with now.</summary>
    public static IEnumerable<CodeRecord> Open(ClusterView view, IEnumerable<CodeRecord> codes) =>
        codes.Where(c => c.IsGood(view.Taken)).OrderBy(c => c.NodeName, StringComparer.Ordinal);

    /// <summary>Everything about one node.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="node">The node.</param>
    /// <param name="certificates">All certificates.</param>
    /// <param name="results">What nodes said of the settings that are wanted.</param>
    /// <param name="answers">Its own answers.</param>
    public static string Show(
        ClusterView view,
        ClusterNode node,
        IEnumerable<CertificateRecord> certificates,
        IEnumerable<SettingsResult> results,
        string answers
    )
    {
        var text = new StringBuilder();
        Line("Name", node.Name);
        Line("Number", Text($"{node.Number}"));
        var issuer = node.Number == view.Cluster.Issuer ? Text($", issuer of epoch {view.Cluster.Epoch}") : "";
        Line("State", $"{node.State.ToString().ToLowerInvariant()}{issuer}");
        Line("Address", Text($"{node.Address}, port {node.Port}"));
        Line("Profile", node.Profile);
        Line("Location", Or(node.Location));
        Line("Joined", Time(node.Joined));
        Line("Last seen", Time(node.LastSeen));
        Line("Release", Or(node.Release));
        Line("Settings", Text($"version {node.SettingsVersion}, {view.WantedSettings} is wanted"));
        foreach (var r in results.Where(r => r.Node == node.Number))
            Line("Last result", $"{(r.Applied ? "applied" : "failed")} {Time(r.At)}{(r.Message.Length > 0 ? $": {r.Message}" : "")}");
        foreach (var c in certificates.Where(c => c.Node == node.Number))
            Line("Certificate", $"{c.Issued.Serial} until {Time(c.Issued.NotAfter)}{Ended(c, view)}");
        if (answers.Length > 0)
            text.AppendLine("Its own answers:").Append(string.Concat(answers.TrimEnd().Split('\n').Select(l => $"  {l}\n")));
        return text.ToString();

        void Line(string what, string value) => text.AppendLine(CultureInfo.InvariantCulture, $"{what + ":", -14}{value}");
    }

    /// <summary>A node as JSON.</summary>
    public static JsonObject AsJson(ClusterView view, ClusterNode n) =>
        new()
        {
            ["number"] = n.Number,
            ["name"] = n.Name,
            ["address"] = n.Address.ToString(),
            ["port"] = n.Port,
            ["profile"] = n.Profile,
            ["location"] = n.Location,
            ["state"] = n.State.ToString().ToLowerInvariant(),
            ["issuer"] = n.Number == view.Cluster.Issuer,
            ["version"] = n.Release,
            ["settings"] = n.SettingsVersion,
            ["joined"] = n.Joined.ToString("O"),
            ["last_seen"] = n.LastSeen?.ToString("O"),
        };

    private static string Ended(CertificateRecord c, ClusterView view) =>
        c switch
        {
            { Revoked: { } at } => $", revoked {Time(at)}: {c.Why}",
            _ when c.Issued.NotAfter <= view.Taken => ", ended",
            _ => "",
        };

    private static string Or(string text) => text.Length > 0 ? text : "-";

    private static string Time(DateTimeOffset? time) =>
        time is { } t ? t.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "never";

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
