using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Tests.Support;

/// <summary>What this user's system trusts. Tests that add to it, or depend on it, come one after the other: it is read file by
/// file.</summary>
internal static class SystemTrust
{
    private static readonly SemaphoreSlim Turn = new(1);

    /// <summary>Keeps it as it is until the result is disposed of.</summary>
    public static async Task<IDisposable> KeepAsync()
    {
        await Turn.WaitAsync();
        return new Taken(null);
    }

    /// <summary>Makes the system trust a root until the result is disposed of.</summary>
    public static async Task<IDisposable> AddAsync(X509Certificate2 root)
    {
        await Turn.WaitAsync();
        var taken = new Taken(root);
        using var roots = Open();
        roots.Add(root);
        return taken;
    }

    private static X509Store Open() => new(StoreName.Root, StoreLocation.CurrentUser, OpenFlags.ReadWrite);

    private sealed class Taken(X509Certificate2? root) : IDisposable
    {
        public void Dispose()
        {
            using (var roots = Open())
            {
                if (root is not null)
                    roots.Remove(root);
            }

            Turn.Release();
        }
    }
}
