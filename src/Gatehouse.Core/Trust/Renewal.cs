using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>When a certificate is renewed: at two thirds of its life, so there is a third left to mend what hinders it.</summary>
public static class Renewal
{
    /// <summary>When it becomes due.</summary>
    public static DateTimeOffset DueAt(X509Certificate2 certificate)
    {
        DateTimeOffset from = certificate.NotBefore, end = certificate.NotAfter;
        return (from + ((end - from) * 2 / 3)).ToUniversalTime();
    }

    /// <summary>Whether it is due.</summary>
    public static bool IsDue(X509Certificate2 certificate, DateTimeOffset now) => now >= DueAt(certificate);
}
