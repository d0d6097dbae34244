using System.Collections.Immutable;
using System.Globalization;

namespace Gatehouse.Machines;

/// <summary>The numeric ids of the users that mail belongs to.</summary>
public static class MailUsers
{
    private static readonly ImmutableArray<string> Names = ["Debian-exim", "_rspamd", "clamav", "redis", "postgres"];

    /// <summary>Those that there are on this host, by name.</summary>
    public static ImmutableSortedDictionary<string, int> Numbers() =>
        (
            from line in File.ReadAllLines("/etc/passwd")
            let words = line.Split(':')
            where words.Length > 2 && Names.Contains(words[0])
            select KeyValuePair.Create(words[0], int.Parse(words[2], CultureInfo.InvariantCulture))
        ).ToImmutableSortedDictionary(StringComparer.Ordinal);
}
