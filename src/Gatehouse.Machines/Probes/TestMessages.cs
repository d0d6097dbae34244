namespace Gatehouse.Machines.Probes;

/// <summary>Messages that scanners agree about.</summary>
internal static class TestMessages
{
    // Put together at run time, so that a virus scanner on the administrator's own disk does not take this program for a virus.
    private static readonly string Eicar = string.Concat(@"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!", "$H+H*");
    private static readonly string Gtube = string.Concat("XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-", "STANDARD-ANTI-UBE-TEST-EMAIL*", "C.34X");

    /// <summary>The text of a message: <c>clean</c>, <c>gtube</c> (spamassassin.apache.org/gtube) or <c>eicar</c> (eicar.org).</summary>
    public static string Text(string kind, string recipient, DateTimeOffset now)
    {
        var body = kind switch
        {
            "gtube" => Gtube,
            "eicar" => Eicar,
            _ => "This message tests that mail is accepted and scanned. It is discarded.",
        };
        return $"From: Gatehouse <{recipient}>\r\nTo: <{recipient}>\r\nSubject: verification ({kind})\r\nDate: {now:r}\r\nMessage-ID: "
            + $"<{now.UtcTicks}.{kind}@gatehouse.invalid>\r\n\r\n{body}";
    }

    /// <summary>An ordinary letter.</summary>
    public static string Letter(string from, string to, string subject, DateTimeOffset now) =>
        $"From: Verification <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nDate: {now:r}\r\nMessage-ID: "
        + $"<{now.UtcTicks}.letter@gatehouse.invalid>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
        + "charset=us-ascii\r\n\r\nThis message tests that mail is accepted, scanned and delivered. The verification that "
        + "sent it removes it again.";
}
