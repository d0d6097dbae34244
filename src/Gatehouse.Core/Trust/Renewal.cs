using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>When a certificate is renewed: at two thirds of its life, so there is a third left to mend what hinders it.</summary>
public static class Renewal
{
    /// <summary>When it becomes due.</summary>
    public static DateTimeOffset DueAt(X509Certificate2 certificate)
    {
        DateTimeOffset from = certificate.NotBefore,
            end = certificate.NotAfter;
        return (from + ((end - from) * 2 / 3)).ToUniversalTime();
    }

    /// <summary>How long after its end a certificate still gets its node the next one, and nothing else: a host may be switched off for a
    /// year. Records of certificates are kept as long.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(400);

    /// <summary>Whether it has ended, and not too long ago to be renewed.</summary>
    public static bool IsLapsed(X509Certificate2 certificate, DateTimeOffset now) =>
        now >= certificate.NotAfter && now < certificate.NotAfter + Grace;

    /// <summary>Whether it is due.</summary>
    public static bool IsDue(X509Certificate2 certificate, DateTimeOffset now) => now >= DueAt(certificate);
}
