using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Gatehouse.Core.Clusters.Messages;

namespace Gatehouse.Core.Clusters.Joining;

/// <summary>What the issuer knows when a host asks to join.</summary>
/// <param name="View">The cluster.</param>
/// <param name="Name">The node name that the code is for.</param>
/// <param name="Profile">The profile that the code is for.</param>
/// <param name="Release">The issuer's release.</param>
/// <param name="Now">The issuer's clock.</param>
/// <param name="Users">Numeric ids of the members' mail users.</param>
/// <param name="WayBack">Why the host cannot be reached from here; empty when it can, null when it was not tried.</param>
public sealed record JoinContext(
    ClusterView View,
    string Name,
    string Profile,
    string Release,
    DateTimeOffset Now,
    ImmutableArray<MemberUsers> Users,
    string? WayBack
);

/// <summary>The mail users of a member.</summary>
/// <param name="Member">The member's name.</param>
/// <param name="Numbers">Their numeric ids, by name.</param>
public sealed record MemberUsers(string Member, ImmutableSortedDictionary<string, int> Numbers);

/// <summary>Whether a host may join, judged on the issuer's side: everything at once, before anything is changed.</summary>
public static class JoinRules
{
    /// <summary>From here on clocks are too far apart: certificates and logs would contradict each other.</summary>
    public static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(60);

    /// <summary>All findings.</summary>
    public static ImmutableArray<JoinFinding> Judge(JoinRequest request, JoinContext context) =>
        [
            .. Versions(request, context),
            .. NameAndAddress(request, context),
            .. Clock(request, context),
            .. Users(request, context),
            .. WayBack(request, context),
            .. PlacementRules
                .Warnings(context.View.Members.Select(n => (n.Profile, n.Location)).Append((context.Profile, request.Location)))
                .Select(w => Warn("placement", w)),
        ];

    private static IEnumerable<JoinFinding> Versions(JoinRequest request, JoinContext context)
    {
        if (request.Protocol != JoinRequest.ThisProtocol)
            yield return Error(
                "protocol",
                $"This host speaks version {request.Protocol} of the cluster's messages, the cluster version {JoinRequest.ThisProtocol}. "
                    + $"Install release {context.Release} on it."
            );
        else if (Line(request.Release) != Line(context.Release))
            yield return Error(
                "release",
                $"This host has release {request.Release}, the cluster {context.Release}. Members differ in the last part of the number "
                    + $"at most; install {context.Release} on it."
            );
        else if (request.Release != context.Release)
            yield return Warn(
                "release",
                $"This host has release {request.Release}, the cluster {context.Release}. That works; bring them to the same when there "
                    + $"is time."
            );
    }

    private static IEnumerable<JoinFinding> NameAndAddress(JoinRequest request, JoinContext context)
    {
        if (request.Name != context.Name)
            yield return Error(
                "name",
                $"The code is for {context.Name}, and this host is {request.Name}. Run it again with '--name {context.Name}' to rename "
                    + $"this host, or invite {request.Name}."
            );
        if (context.View.Member(request.Name) is { } same && !IsSameHost(same, request))
            yield return Error(
                "name-taken",
                $"{request.Name} is a member already: node {same.Number} at {same.Address}. If that host is gone, 'gatehouse node remove "
                    + $"{request.Name}' frees the name."
            );
        if (
            !IPAddress.TryParse(request.Address, out var address)
            || IPAddress.IsLoopback(address)
            || IPAddress.Any.Equals(address)
            || IPAddress.IPv6Any.Equals(address)
        )
            yield return Error("address", $"'{request.Address}' is no address that other nodes can reach. Name one with --address.");
        else if (
            context.View.Members.FirstOrDefault(n => n.Address.Equals(address) && n.Port == request.Port) is { } other
            && other.Name != request.Name
        )
            yield return Error(
                "address-taken",
                $"{request.Address} is the address of {other.Name} (node {other.Number}). Name another with --address; if that host is "
                    + $"gone, 'gatehouse node remove {other.Name}' frees it."
            );
    }

    // One that was interrupted while it joined comes again.
    private static bool IsSameHost(ClusterNode node, JoinRequest request) =>
        node.State == NodeState.Joining && node.Address.ToString() == request.Address;

    private static IEnumerable<JoinFinding> Clock(JoinRequest request, JoinContext context)
    {
        var skew = (request.Clock - context.Now).Duration();
        var both = string.Create(
            CultureInfo.InvariantCulture,
            $"This host's clock says {request.Clock.UtcDateTime:HH:mm:ss} UTC, the issuer's {context.Now.UtcDateTime:HH:mm:ss}"
        );
        if (skew > MostSkew)
            yield return Error("clock", $"{both}. Set the wrong one right, then join again.");
        else if (skew > Health.MostSkew)
            yield return Warn("clock", $"{both}. Time servers will set it right.");
    }

    // Quarantined messages keep their numeric owner wherever they go (Baruwa's documentation asks for equal ones with a shared quarantine).
    private static IEnumerable<JoinFinding> Users(JoinRequest request, JoinContext context) =>
        from user in request.Users
        let others = context.Users.Where(m => m.Numbers.TryGetValue(user.Key, out var theirs) && theirs != user.Value).ToArray()
        where others.Length > 0
        select Warn(
            "user-ids",
            $"User {user.Key} has the number {user.Value} on this host and "
                + $"{string.Join(", ", others.Select(m => $"{m.Numbers[user.Key]} on {m.Member}"))}. On a shared file system they must be "
                + $"equal."
        );

    private static IEnumerable<JoinFinding> WayBack(JoinRequest request, JoinContext context)
    {
        if (context.WayBack is { Length: > 0 } why)
            yield return Error(
                "way-back",
                $"The issuer cannot reach this host at {request.Address}, port {request.EchoPort}: {why}. Open TCP {request.EchoPort} to "
                    + $"it from the cluster, or name another address with --address."
            );
    }

    private static string Line(string release) => string.Join('.', release.Split('.').Take(2));

    private static JoinFinding Error(string code, string message) => new(true, code, message);

    private static JoinFinding Warn(string code, string message) => new(false, code, message);
}
