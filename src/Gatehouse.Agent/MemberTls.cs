using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Trust;

namespace Gatehouse.Agent;

/// <summary>
/// TLS between members: version 1.3 alone, and only what the cluster's own CA has signed. The system's CA store is never asked. No session
/// is resumed: with it, the CAs between leaf and root would not be sent again, and who was good a while ago would not be judged anew.
/// </summary>
public static class MemberTls
{
    /// <summary>The port of the agent.</summary>
    public const int Port = 1028;

    /// <summary>For a server that takes members, and strangers without a certificate, who may ask to join.</summary>
    /// <param name="own">What it shows.</param>
    /// <param name="clock">The time.</param>
    /// <param name="seen">Receives who has called, with what came along.</param>
    /// <param name="refused">Receives why a caller's certificate is not trusted.</param>
    public static SslServerAuthenticationOptions Server(
        Credentials own,
        TimeProvider clock,
        Action<PeerCertificate> seen,
        Action<Finding> refused
    ) =>
        new()
        {
            ServerCertificateContext = own.Context,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                if (certificate is null)
                    return true;
                var peer = PeerCertificate.Of(certificate, chain);
                // One whose certificate has ended may ask for the next; each request is judged by itself.
                var judgement = own.Trust.JudgeForRenewal(peer.Leaf, peer.Extra, clock.GetUtcNow());
                if (judgement.IsTrusted)
                    seen(peer);
                else
                    refused(judgement.Finding);
                return judgement.IsTrusted;
            },
        };

    /// <summary>For a member that calls another.</summary>
    /// <param name="own">What it shows.</param>
    /// <param name="host">Whom it calls, name or address: the certificate must be for that.</param>
    /// <param name="clock">The time.</param>
    /// <param name="refused">Receives the reason when the other is not trusted.</param>
    public static SslClientAuthenticationOptions Client(Credentials own, string host, TimeProvider clock, Action<string> refused) =>
        new()
        {
            TargetHost = host,
            ClientCertificateContext = own.Context,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                IsTrusted(own.Trust, certificate, chain, host, clock, refused) is not null,
        };

    /// <summary>For a host that joins: it shows nothing, and goes on only with the issuer of the cluster whose CA it was told of.</summary>
    /// <param name="trust">The pinned CA.</param>
    /// <param name="host">Whom it calls.</param>
    /// <param name="clock">The time.</param>
    /// <param name="refused">Receives the reason when the other is not trusted.</param>
    public static SslClientAuthenticationOptions Joining(TrustStore trust, string host, TimeProvider clock, Action<string> refused) =>
        new()
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                if (IsTrusted(trust, certificate, chain, host, clock, refused) is not { } identity)
                    return false;
                if (identity.IssuerEpoch is not null)
                    return true;
                // Any member has a certificate of this CA; the secret is for the issuer's eyes alone.
                refused($"{identity.Name} is a member of the cluster and not its issuer");
                return false;
            },
        };

    /// <summary>For the first look at a cluster, before anything is known: whoever answers is heard, and nothing is told.</summary>
    public static SslClientAuthenticationOptions Stranger(string host) =>
        new()
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
#pragma warning disable CA5359 // What is heard is compared with the pin of a join code before it is believed.
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        };

    private static NodeIdentity? IsTrusted(
        TrustStore trust,
        X509Certificate? certificate,
        X509Chain? chain,
        string host,
        TimeProvider clock,
        Action<string> refused
    )
    {
        if (certificate is null)
        {
            refused("it shows no certificate");
            return null;
        }

        var peer = PeerCertificate.Of(certificate, chain);
        var judgement = trust.Judge(peer.Leaf, peer.Extra, clock.GetUtcNow(), Purpose.Server, host);
        if (!judgement.IsTrusted)
            refused(judgement.Finding.Message);
        return judgement.Identity;
    }
}

/// <summary>The certificate that the other end has shown, and what came with it.</summary>
/// <param name="Leaf">Its own.</param>
/// <param name="Extra">The CAs that it sent along.</param>
public sealed record PeerCertificate(X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Extra)
{
    internal static PeerCertificate Of(X509Certificate certificate, X509Chain? chain) =>
        new(
            new X509Certificate2((X509Certificate2)certificate),
            [
                .. (chain?.ChainPolicy.ExtraStore ?? [])
                    .Concat(chain?.ChainElements.Skip(1).Select(e => e.Certificate) ?? [])
                    .Select(c => new X509Certificate2(c)),
            ]
        );
}
