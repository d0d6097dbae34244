using System.Collections.Immutable;
using Gatehouse.Cluster.Joining;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;

namespace Gatehouse.Wizard;

/// <summary>What a host knows before it joins: who the cluster is, and what both sides found.</summary>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="Issuer">Where its issuer is reached.</param>
/// <param name="Pin">The key of its CA, which is the one that the code names.</param>
/// <param name="Host">This host.</param>
/// <param name="Outlook">What was found on both sides and on the way.</param>
/// <param name="Packages">The Debian packages of the profile; empty when it is not known.</param>
internal sealed record JoinMeeting(
    string Cluster,
    string Issuer,
    Pin Pin,
    JoiningHost Host,
    JoinOutlook Outlook,
    ImmutableArray<string> Packages
)
{
    /// <summary>The cluster as it was told, with this host in it; null when it was not.</summary>
    public ClusterPicture? Picture =>
        Outlook.Refusal.Length > 0 || Outlook.Links.IsEmpty || Profile.Find(Outlook.Profile) is not { } profile
            ? null
            : ClusterPicture.Of(Cluster, new MapNode(0, Host.Name, Host.Address, profile, Host.Location), Outlook.Links);

    /// <summary>What will happen, in words.</summary>
    /// <param name="screens">What profiles are called.</param>
    public IEnumerable<ReviewLine> Lines(ScreenSet screens)
    {
        foreach (var finding in Outlook.Findings.OrderBy(f => f.IsError ? 0 : 1))
            yield return new ReviewLine($"{(finding.IsError ? "!!" : "!")} {finding.Message}", ReviewLook.Wrong);
        yield return new ReviewLine($"The cluster is {Cluster}; its issuer answers at {Issuer}.");
        yield return new ReviewLine($"The join code belongs to this cluster: its CA has the key that the code names, {Pin}.");
        if (Outlook.Refusal.Length > 0)
            yield break;
        foreach (var link in Outlook.Links)
            yield return new ReviewLine(LinkRules.Line(link));
        var what = screens.Fields.First(f => f.Path == "system.profile").Choices.FirstOrDefault(c => c.Value == Outlook.Profile)?.Text;
        var profile = Outlook.Profile.Length == 0 ? "" : $", profile {Outlook.Profile}{(what is null ? "" : $" ({what})")}";
        yield return new ReviewLine($"This host becomes member {Host.Name} at {Host.Address}{profile}.");
        if (!Packages.IsEmpty)
            yield return new ReviewLine(
                $"Debian packages that may be installed, depending on the cluster's settings: {string.Join(", ", Packages)}."
            );
        foreach (var replaced in Outlook.Replaced)
            yield return new ReviewLine($"! This replaces {replaced}.", ReviewLook.Changed);
        yield return new ReviewLine(
            "Every setting comes from the cluster. Only the cluster's administration networks may reach SSH on this host."
        );
        yield return new ReviewLine(
            "The cluster's settings determine which files change. They are checked before they are put in place and verified afterwards; "
                + "if anything fails, everything is rolled back."
        );
        yield return new ReviewLine("The key pair is created on this host and stays here. The join code cannot be used again.");
    }
}
