using System.Collections.Frozen;
using System.Globalization;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Screens;

/// <summary>What a parse gives: a typed value, or the reason why there is none.</summary>
/// <param name="Value">The typed value; null when refused.</param>
/// <param name="Problem">What is wrong, completing "the value ...".</param>
public readonly record struct Parsed(object? Value, string Problem)
{
    /// <summary>A value.</summary>
    public static Parsed Ok(object value) => new(value, "");

    /// <summary>A refusal.</summary>
    public static Parsed Refused(string problem) => new(null, problem);
}

/// <summary>One kind of value: how it is read and what to write for it. The set is closed.</summary>
/// <param name="Name">As used in <c>screens/*.yaml</c>.</param>
/// <param name="Expected">What to write, completing "expected ...".</param>
/// <param name="SchemaType">JSON Schema type of the value.</param>
/// <param name="Read">Reads the text for a field into its typed value.</param>
public sealed record FieldKind(string Name, string Expected, string SchemaType, Func<string, Field, Parsed> Read)
{
    private const int LongestText = 1024;

    /// <summary>Whether a value is never shown, logged or kept where it does not have to be.</summary>
    public bool IsSecret { get; init; }

    /// <summary>All kinds by name.</summary>
    public static FrozenDictionary<string, FieldKind> All { get; } =
        new FieldKind[]
        {
            new("text", "a line of text", "string", (t, f) => Matches(t, f) ? Parsed.Ok(t) : Parsed.Refused(f.PatternText)),
            new(
                "fqdn",
                "a fully qualified name such as mx1.example.org",
                "string",
                (t, _) =>
                    Names.TryParse(t, 2, out var n)
                        ? Parsed.Ok(n)
                        : Expect(NameText.Whole(t, "a fully qualified name such as mx1.example.org"))
            ),
            new(
                "domain",
                "a domain such as example.org",
                "string",
                (t, _) => Names.TryParse(t, 2, out var n) ? Parsed.Ok(n) : Expect(NameText.Whole(t, "a domain such as example.org"))
            ),
            new(
                "host",
                "a host name or an address",
                "string",
                (t, _) =>
                    Addresses.TryParse(t, out var a) ? Parsed.Ok(a.ToString())
                    : Names.TryParse(t, 1, out var n) ? Parsed.Ok(n)
                    : Expect("a host name or an address")
            ),
            new(
                "address",
                "an IPv4 or IPv6 address",
                "string",
                (t, _) => Addresses.TryParse(t, out var a) ? Parsed.Ok(a) : Expect(Address(t))
            ),
            new(
                "cidr",
                "a network such as 192.0.2.0/24 or 2001:db8::/32",
                "string",
                (t, _) => Addresses.TryParseNetwork(t, out var n, out var why) ? Parsed.Ok(n) : Parsed.Refused(why)
            ),
            new(
                "hostport",
                "a host with a port such as mail.example.org:25 or [2001:db8::25]:25",
                "string",
                (t, f) =>
                    HostPort.TryParse(t, f.DefaultPort, out var h)
                        ? Parsed.Ok(h)
                        : Expect(NameText.Dotted(t, "a host with a port such as mail.example.org:25 or [2001:db8::25]:25"))
            ),
            new(
                "port",
                "a port from 1 to 65535",
                "integer",
                (t, _) => TryInteger(t, out var n) && n is >= 1 and <= 65535 ? Parsed.Ok((int)n) : Expect("a port from 1 to 65535")
            ),
            new(
                "integer",
                "a whole number",
                "integer",
                (t, f) => TryInteger(t, out var n) ? InRange(n, f, (int)n) : Expect("a whole number")
            ),
            new(
                "number",
                "a number such as 6 or 6.5",
                "number",
                (t, f) => TryNumber(t, out var n) ? InRange(n, f, n) : Expect("a number such as 6 or 6.5")
            ),
            new(
                "boolean",
                "true or false",
                "boolean",
                (t, _) =>
                    t switch
                    {
                        "true" or "yes" or "on" => Parsed.Ok(true),
                        "false" or "no" or "off" => Parsed.Ok(false),
                        _ => Expect("true or false"),
                    }
            ),
            new(
                "choice",
                "one of the listed values",
                "string",
                (t, f) => f.Choices.Any(c => c.Value == t) ? Parsed.Ok(t) : Expect(Options(t, f))
            ),
            new(
                "password",
                "{file: PATH}, {env: NAME}, {prompt: true}, {generate: true} or {hash: TEXT}",
                "object",
                (t, _) => Parsed.Ok(new Secret(t))
            )
            {
                IsSecret = true,
            },
            new(
                "code",
                "a join code, 12 groups of 5 characters",
                "string",
                (t, f) => JoinCode.TryRead(t, out JoinCode? _, out var why) ? Parsed.Ok(new Secret(t)) : Parsed.Refused(why)
            )
            {
                IsSecret = true,
            },
            new(
                "email",
                "an e-mail address such as postmaster@example.org",
                "string",
                (t, _) => MailAddresses.TryParse(t, out var a) ? Parsed.Ok(a) : Expect("an e-mail address such as postmaster@example.org")
            ),
            new(
                "path",
                "an absolute path of letters, digits and ._+-/",
                "string",
                (t, _) => IsPath(t) ? Parsed.Ok(t) : Expect("an absolute path of letters, digits and ._+-/, without '..'")
            ),
            new(
                "timezone",
                "a time zone such as Europe/Berlin or UTC",
                "string",
                (t, _) => IsZone(t) ? Parsed.Ok(t) : Expect("a time zone such as Europe/Berlin or UTC")
            ),
            new(
                "size",
                "a size such as 25M",
                "string",
                (t, f) => Quantities.TryParseSize(t, out var n) ? InRange(n, f, n) : Expect("a size such as 25M")
            ),
            new(
                "duration",
                "a duration such as 90s, 5m, 2h or 7d",
                "string",
                (t, _) => Quantities.TryParseDuration(t, out var d) ? Parsed.Ok(d) : Expect("a duration such as 90s, 5m, 2h or 7d")
            ),
            new("table", "a list of rows", "array", (_, _) => Expect("a list of rows")),
        }.ToFrozenDictionary(k => k.Name, StringComparer.Ordinal);

    // Names below /usr/share/zoneinfo that are no zones of their own: links back to the host's zone, placeholders, and second copies with
    // leap seconds.
    private static readonly FrozenSet<string> NotZones = new[] { "localtime", "Factory", "posixrules", "right", "posix" }.ToFrozenSet(
        StringComparer.Ordinal
    );

    /// <summary>Reads a text into the field's typed value, refusing what no kind may hold.</summary>
    public Parsed Parse(string text, Field field)
    {
        var max = Name == "password" ? 4 * LongestText : LongestText;
        if (text.Length > max)
            return Parsed.Refused($"has {text.Length:N0} characters; at most {max:N0} are allowed");
        // A line break or another control character could begin a new directive in a rendered file.
        if (text.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u0085'))
            return Parsed.Refused("holds a line break or another control character");
        // A lone surrogate has no UTF-8 form: it would arrive as another character than was written.
        if (HasLoneSurrogate(text))
            return Parsed.Refused("holds half a character (a lone surrogate)");
        return Read(text, field);
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }

        return false;
    }

    private static Parsed Expect(string what) => Parsed.Refused($"is not {what}");

    private static string Address(string text) =>
        text.Contains('/', StringComparison.Ordinal) ? "a single address; networks are not allowed here"
        : System.Net.IPAddress.TryParse(text, out var address) && address.IsIPv4MappedToIPv6
            ? $"a plain address; write {address.MapToIPv4()}"
        : "an IPv4 or IPv6 address";

    private static string Options(string text, Field field)
    {
        var values = field.Choices.Select(c => c.Value).ToArray();
        return Reports.Nearest.To(text, values) is { } near
            ? $"one of {string.Join(", ", values)}; did you mean '{near}'?"
            : $"one of {string.Join(", ", values)}";
    }

    private static Parsed InRange(decimal number, Field field, object value) =>
        number < field.Minimum ? Parsed.Refused($"is below the minimum of {Show(field.Minimum.Value, field)}")
        : number > field.Maximum ? Parsed.Refused($"is above the maximum of {Show(field.Maximum.Value, field)}")
        : Parsed.Ok(value);

    private static string Show(decimal number, Field field) =>
        field.Kind.Name == "size" && number >= 1 << 20
            ? $"{number / (1 << 20):0.#}M"
            : number.ToString("0.##", CultureInfo.InvariantCulture);

    private static bool Matches(string text, Field field) =>
        field.Pattern is null
        || System.Text.RegularExpressions.Regex.IsMatch(
            text,
            $"^(?:{field.Pattern})\\z",
            System.Text.RegularExpressions.RegexOptions.CultureInvariant
        );

    private static bool TryInteger(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
        && number is >= int.MinValue and <= int.MaxValue;

    private static bool TryNumber(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
        && Math.Abs(number) < 1_000_000;

    private static bool IsPath(string text) =>
        text.Length > 1
        && text[0] == '/'
        && text.All(c => char.IsAsciiLetterOrDigit(c) || "._+-/".Contains(c, StringComparison.Ordinal))
        && !text.Contains("//", StringComparison.Ordinal)
        && !text.Split('/').Contains("..")
        && !text.Split('/').Contains(".")
        && text[^1] != '/';

    private static bool IsZone(string text) =>
        text.Length is > 1 and < 64
        && char.IsAsciiLetter(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || "_+-/".Contains(c, StringComparison.Ordinal))
        && text[^1] != '/'
        && !NotZones.Contains(text.Split('/')[0]);
}
