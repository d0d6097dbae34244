using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Verifying;

namespace Gatehouse.Core.Rendering;

/// <summary>
/// What verification says to a node's mail ports as the world does: as a stranger, as a relay network and as a load balancer, each
/// where the answers have one. The conversations are data, like the verifications that a component declares.
/// </summary>
public static class StrangerPlan
{
    /// <summary>The kind of verification that plays a conversation.</summary>
    public const string Kind = "conversation";

    /// <summary>The most domains that are tried.</summary>
    public const int MostDomains = 20;

    /// <summary>The component that the conversations belong to.</summary>
    public const string Component = "exim";

    private const string Foreign = "someone@foreign.invalid";
    private const string Postmaster = "postmaster@";
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    // Scanners load their rules after a restart.
    private static readonly TimeSpan LetterWithin = TimeSpan.FromSeconds(60);

    /// <summary>The conversations of a node; none on a node without the role mail.</summary>
    /// <param name="settings">The node's settings.</param>
    public static ImmutableArray<RenderedVerification> Of(GatewaySettings settings)
    {
        if (settings.Mta is not { } mta)
            return [];
        var all = ImmutableArray.CreateBuilder<RenderedVerification>();
        foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
            if (Vantage.Of(settings, family) is { } vantage)
                all.AddRange(Family(new Place(settings, mta, family), vantage));
        return all.ToImmutable();
    }

    private static IEnumerable<RenderedVerification> Family(Place place, Vantage vantage)
    {
        yield return place.Verification(
            "SMTP as a stranger",
            vantage.Stranger,
            Own(place.Mta).Append(new Ask(Foreign, Expectation.Refused)),
            place.Mta.TlsRequired,
            25
        );
        if (vantage.Relay is { } relay)
            yield return place.Verification("SMTP as a relay network", relay, [new Ask(Foreign, Expectation.Accepted)], false, 25);
        if (vantage.Balancer is { } balancer)
        {
            yield return place.Verification(
                "SMTP as a stranger behind a load balancer",
                balancer,
                Own(place.Mta).Take(1).Append(new Ask(Foreign, Expectation.Refused)),
                place.Mta.TlsRequired,
                25,
                vantage.Stranger
            );
            if (vantage.Relay is { } client)
                yield return place.Verification(
                    "SMTP as a relay network behind a load balancer",
                    balancer,
                    [new Ask(Foreign, Expectation.Accepted)],
                    false,
                    25,
                    client
                );
        }

        foreach (var letter in Letters(place, vantage))
            yield return letter;
        foreach (var port in place.Mta.SubmissionPorts)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"submission port {port}");
            yield return place.Verification(
                $"{name} as a stranger",
                vantage.Stranger,
                [new Ask(Foreign, Expectation.Refused)],
                true,
                port,
                isClosed: true
            );
            if (vantage.Relay is { } client)
                yield return place.Verification($"{name} as a relay network", client, [new Ask(Foreign, Expectation.Accepted)], true, port);
            if (vantage.Balancer is { } other)
                yield return place.Verification(
                    $"{name} as a stranger behind a load balancer",
                    other,
                    [new Ask(Foreign, Expectation.Refused)],
                    true,
                    port,
                    vantage.Stranger,
                    isClosed: true
                );
        }
    }

    // Once, at the address that the answers name: it is the same way for both families.
    private static IEnumerable<RenderedVerification> Letters(Place place, Vantage vantage)
    {
        if (place.Settings.System.Address.AddressFamily != place.Family)
            yield break;
        if (!place.Mta.Domains.IsEmpty)
            yield return place.Letter(
                "delivery for a stranger",
                vantage.Stranger,
                place.Mta.Domains[0].Domain,
                place.Mta.TlsRequired,
                isSigned: false
            );
        if (vantage.Relay is { } relay)
            yield return place.Letter("delivery for a relay network", relay, "foreign.invalid", false, isSigned: true);
    }

    // Who is in a file of recipients is known when it is read; what a destination says about a recipient is its own business.
    private static IEnumerable<Ask> Own(MtaSettings mta) =>
        mta.RecipientCheck == RecipientCheck.List
            ? []
            : mta
                .Domains.Take(MostDomains)
                .Select(d => new Ask(
                    Postmaster + d.Domain,
                    mta.RecipientCheck == RecipientCheck.Callout ? Expectation.Destination : Expectation.Accepted
                ));

    private sealed record Place(GatewaySettings Settings, MtaSettings Mta, AddressFamily Family)
    {
        public RenderedVerification Letter(string name, IPAddress client, string domain, bool tls, bool isSigned)
        {
            var one = Verification(name, client, [], tls, 25);
            // The sender is of a domain that has a key, whoever sends: that is how forged mail looks.
            var parameters = one
                .Verification.Parameters.Remove("ask")
                .Remove("list")
                .Remove("domains")
                .Add("recipient", $"gatehouse-verify@{domain}")
                .Add("header", $"X-{Settings.Scanner!.SiteName}-Scanned");
            if (!Mta.DkimDomains.IsEmpty)
                parameters = parameters.Add("sender_domain", Mta.DkimDomains[0]);
            if (!Mta.DkimDomains.IsEmpty && isSigned)
                parameters = parameters.Add("signed", Mta.DkimDomains[0]);
            return new RenderedVerification(
                Component,
                one.Verification with
                {
                    Name = name,
                    Parameters = parameters,
                    Within = LetterWithin,
                }
            );
        }

        public RenderedVerification Verification(
            string name,
            IPAddress client,
            IEnumerable<Ask> asks,
            bool tls,
            int port,
            IPAddress? behind = null,
            bool isClosed = false
        )
        {
            var parameters = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
            parameters.Add("client", client.ToString());
            parameters.Add("family", Family == AddressFamily.InterNetwork ? "IPv4" : "IPv6");
            parameters.Add("port", port.ToString(CultureInfo.InvariantCulture));
            parameters.Add(
                "tls",
                port == 465 ? "implicit"
                    : tls ? "starttls"
                    : "none"
            );
            parameters.Add("ask", Ask.Write(asks));
            if (Settings.System.Address.AddressFamily == Family)
                parameters.Add("server", Settings.System.Address.ToString());
            if (behind is not null)
                parameters.Add("behind", behind.ToString());
            if (isClosed)
                parameters.Add("closed", "true");
            if (!Mta.BlockLists.IsEmpty)
                parameters.Add("block_lists", "true");
            if (
                port == 25
                && Mta.RecipientCheck == RecipientCheck.List
                && name.Contains("stranger", StringComparison.Ordinal)
                && behind is null
            )
            {
                parameters.Add("list", Mta.RecipientList);
                parameters.Add("domains", string.Join(' ', Mta.Domains.Take(MostDomains).Select(d => d.Domain)));
            }

            return new RenderedVerification(
                Component,
                new Verification($"{name} ({parameters["family"]})", Kind, parameters.ToImmutable(), Within, "")
            );
        }
    }
}
