using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Machines;

/// <summary>ClamAV's signature databases on a machine.</summary>
public static partial class VirusSignatures
{
    private const string Home = "/var/lib/clamav";

    /// <summary>When the newest database was made; null when there is none, apart from signatures of one's own.</summary>
    public static DateTimeOffset? Newest(LocalMachine machine)
    {
        DateTimeOffset? newest = null;
        foreach (var name in new[] { "daily.cld", "daily.cvd", "main.cld", "main.cvd" })
            if (MadeAt(machine.Real($"{Home}/{name}")) is { } time && (newest is null || time > newest))
                newest = time;
        return newest;
    }

    // A database begins with a line of 512 bytes: ClamAV-VDB:25 Nov 2026 08-36 +0000:27000:...
    private static DateTimeOffset? MadeAt(string path)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            var head = new byte[512];
            using var file = File.OpenRead(path);
            var text = Encoding.ASCII.GetString(head, 0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false));
            return
                Head().Match(text) is { Success: true } made
                && DateTimeOffset.TryParseExact(
                    made.Groups[1].Value,
                    ["dd MMM yyyy HH-mm zzz", "d MMM yyyy HH-mm zzz"],
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.None,
                    out var time
                )
                ? time
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It counts as none.
            return null;
        }
    }

    [GeneratedRegex(@"^ClamAV-VDB:([0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}-[0-9]{2} [+-][0-9]{4}):", RegexOptions.CultureInvariant)]
    private static partial Regex Head();
}
