using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Registry;

/// <summary>What makes a TLS connection to the database ours: who is believed at the other end, and what is shown to it.</summary>
internal sealed class ServerTrust : IDisposable
{
    private readonly X509Certificate2Collection roots = [];
    private readonly X509Certificate2Collection chain = [];
    private readonly X509Certificate2 own;
    private readonly SslStreamCertificateContext shown;
    private readonly DatabaseLogin login;

    /// <exception cref="RegistryException">A certificate or the key cannot be read, or they do not belong together.</exception>
    public ServerTrust(DatabaseLogin login)
    {
        this.login = login;
        try
        {
            foreach (var root in login.Roots)
                roots.ImportFromPem(root);
            chain.ImportFromPem(login.Certificate);
            own = X509Certificate2.CreateFromPem(login.Certificate, login.Key.Reveal());
            shown = SslStreamCertificateContext.Create(own, [.. chain.Skip(1)], offline: true);
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            Dispose();
            throw new RegistryException(
                RegistryFailure.Invalid,
                $"the certificates or the key of {login.Node} cannot be used: {e.Message}",
                e
            );
        }
    }

    /// <summary>Sets up a connection that is about to be made.</summary>
    public void Prepare(SslClientAuthenticationOptions options)
    {
        options.EnabledSslProtocols = SslProtocols.Tls13;
        options.TargetHost = options.TargetHost?.Trim('[', ']');
        options.ClientCertificates = null;
        options.LocalCertificateSelectionCallback = null;
        options.ClientCertificateContext = shown;
        options.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
        options.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
            // Times are judged below: after a change of the host's time zone the chain would be judged by a time that is hours off.
            VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid,
        };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        var host = options.TargetHost;
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Judge(host, certificate, chain, errors);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        own?.Dispose();
        foreach (var certificate in roots.Concat(chain))
            certificate.Dispose();
    }

    private bool Judge(string? host, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            throw new AuthenticationException("it showed no certificate");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            throw new AuthenticationException($"its certificate ({certificate.Subject}) is not one of this cluster");
        var now = DateTimeOffset.UtcNow;
        if (chain?.ChainElements.Select(e => e.Certificate).FirstOrDefault(c => now < c.NotBefore || now >= c.NotAfter) is { } wrong)
            throw new AuthenticationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"its certificate ({wrong.Subject}) is good from {wrong.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} to "
                        + $"{wrong.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC, and here it is {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC"
                )
            );
        if (
            errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            && !login.HostNames.Any(n => ((X509Certificate2)certificate).MatchesHostname(n, allowWildcards: false, allowCommonName: false))
        )
            throw new AuthenticationException($"its certificate ({certificate.Subject}) is not for {host}");
        var serial = certificate.GetSerialNumberString().ToLower(CultureInfo.InvariantCulture);
        if (login.Revoked.Contains(serial))
            throw new AuthenticationException($"its certificate ({certificate.Subject}, serial {serial}) was revoked");
        return true;
    }
}
