namespace Gatehouse.Core.Settings;

/// <summary>How far the scanners look, and scores as Exim compares them.</summary>
public static class ScanLimits
{
    private const long Least = 400L << 20;

    // ClamAV supports no larger files.
    private const long Most = (2L << 30) - 1;

    /// <summary>
    /// What a message may unpack to, in bytes, for ClamAV to scan all of it. It is the limit of a single file as well: ClamAV cuts a file
    /// in a zip archive at that limit without reporting it, so the limit of the whole scan, which it does report, must be reached first.
    /// </summary>
    /// <param name="messageSizeLimit">The message size limit, in bytes.</param>
    public static long VirusScanSize(long messageSizeLimit) => Math.Clamp(messageSizeLimit * 4, Least, Most);

    /// <summary>A score in tenths. Exim compares whole numbers only, and rounds rspamd's score to tenths the same way.</summary>
    /// <param name="score">The score.</param>
    public static int Tenths(decimal score) => (int)decimal.Round(score * 10, MidpointRounding.AwayFromZero);
}
