using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;
using Gatehouse.Core.Yaml;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core;

/// <summary>What holds for every input. A failure prints the seed to replay it with.</summary>
public sealed class PropertyTests
{
    private static readonly string[] Nasty =
    [
        "\"",
        "'",
        "\\",
        "\n",
        "\r\n",
        "\t",
        "$",
        "{{",
        "}}",
        "#",
        ";",
        "{",
        "}",
        "[",
        "]",
        "|",
        ":",
        ",",
        "`",
        "%",
        "&",
        "<",
        ">",
        "(",
        ")",
        "\u2028",
        "\u0085",
        "\0",
        "\u007f",
        "é",
        "漢",
        "😀",
        "\ud800",
        "\udc00",
        "\ufffd",
        "\u212a",
        "${run{/bin/sh -c id}}",
        "{{secret redis.password}}",
        "{{#each mta.domains}}",
        "{{{mta.key}}}",
        "}; os.execute(\"id\") --",
        "; include /etc/shadow;",
        "\\N",
        "[[",
        "]]",
        "-- ",
        "example.org",
        "192.0.2.1",
        "/etc/passwd",
        "0",
        "a",
        " ",
        "=",
        "@",
        "!!",
        "*x",
        "&x",
    ];

    private static readonly string[] Fields =
    [
        .. Samples.Screens.Fields.Where(f => !f.IsTable && f.Path is not ("system.profile")).Select(f => f.Path),
    ];

    private static Arbitrary<string> Text =>
        Gen.OneOf(Gen.Elements(Nasty), Gen.Choose(0, 0xFFFF).Select(c => ((char)c).ToString()))
            .ArrayOf()
            .Resize(6)
            .Select(string.Concat)
            .ToArbitrary();

    [Fact]
    public void No_text_in_any_field_makes_an_exception_or_a_directive() =>
        Check(400, Prop.ForAll(Gen.Elements(Fields).Zip(Text.Generator).ToArbitrary(), p => Judge(p.Item1, p.Item2)));

    [Fact]
    public void Every_nasty_text_in_every_field_is_refused_or_arrives_as_data()
    {
        foreach (var field in Fields)
        foreach (var text in Nasty)
            Judge(field, text);
    }

    [Fact]
    public void Arbitrary_bytes_are_read_or_refused() =>
        Check(1000, Prop.ForAll(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(), bytes => Read(bytes)));

    [Fact]
    public void A_valid_file_with_a_few_bytes_changed_is_read_or_refused()
    {
        var valid = File.ReadAllBytes(Path.Combine(Repository.Root, "iso/answers/standalone.yaml"));
        var marks = "\t\n :-[]{}#&*!|>'\"%@`,?\\~\0\u0080"u8.ToArray();
        var change = Gen.Choose(0, valid.Length - 1).Zip(Gen.Elements(marks));
        Check(
            1000,
            Prop.ForAll(
                change.ArrayOf(4).ToArbitrary(),
                changes =>
                {
                    var bytes = valid.ToArray();
                    foreach (var (index, mark) in changes)
                        bytes[index] = mark;
                    return Read(bytes);
                }
            )
        );
    }

    [Fact]
    public void An_Exim_quoted_text_decodes_to_the_same_bytes() =>
        Check(
            500,
            Prop.ForAll(
                Text,
                text =>
                {
                    var quoted = TemplateEngine.EximText(text);
                    Assert.DoesNotContain(quoted, c => c is '"' or '$' or '{' or '}' or '\n' or '\r' || c > 126);
                    // First the double quotes of the configuration file, then the expansion.
                    Assert.Equal(Encoding.UTF8.GetBytes(text), Expand(quoted.Replace("\\\\", "\\", StringComparison.Ordinal)));
                    return true;
                }
            )
        );

    [Fact]
    public void Networks_print_as_they_are_read() =>
        Check(
            500,
            Prop.ForAll(
                Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(16).Zip(Gen.Choose(0, 128)).ToArbitrary(),
                p =>
                {
                    var six = p.Item2 % 2 == 0;
                    var bits = six ? p.Item2 : p.Item2 % 33;
                    var address = new IPAddress(six ? p.Item1 : p.Item1[..4]);
                    if (address.IsIPv4MappedToIPv6)
                        return true;
                    Assert.True(Addresses.TryParse(address.ToString(), out var again) && again.Equals(address));
                    var text = $"{Addresses.Mask(address, bits)}/{bits}";
                    return Addresses.TryParseNetwork(text, out var network, out _)
                        && network.ToString() == text
                        && network.Contains(address);
                }
            )
        );

    [Fact]
    public void Host_and_port_print_as_they_are_read() =>
        Check(
            300,
            Prop.ForAll(
                Gen.Elements("mail", "mail.example.org", "192.0.2.1", "2001:db8::25", "::1").Zip(Gen.Choose(1, 65535)).ToArbitrary(),
                p =>
                    HostPort.TryParse(new HostPort(p.Item1, p.Item2).ToString(), 25, out var again)
                    && again == new HostPort(p.Item1, p.Item2)
            )
        );

    [Fact]
    public void Parsers_take_any_text_and_what_they_take_they_print_and_take_again() =>
        Check(
            2000,
            Prop.ForAll(
                Text,
                text =>
                {
                    if (Names.TryParse(text, 1, out var name))
                        Assert.True(Names.TryParse(name, 1, out var again) && again == name && name.All(char.IsAscii));
                    if (MailAddresses.TryParse(text, out var mail))
                        Assert.True(MailAddresses.TryParse(mail, out var again) && again == mail);
                    if (HostPort.TryParse(text, 25, out var host))
                        Assert.True(HostPort.TryParse(host.ToString(), 1, out var again) && again == host);
                    _ = Addresses.TryParseNetwork(text, out _, out _);
                    _ = Quantities.TryParseSize(text, out _);
                    _ = Quantities.TryParseDuration(text, out _);
                    var near = Nearest.To(text, Fields);
                    return near is null || Fields.Contains(near);
                }
            )
        );

    [Theory]
    [InlineData("999999999d", false)]
    [InlineData("36525d", true)]
    [InlineData("7d", true)]
    [InlineData("-1s", false)]
    [InlineData("5", false)]
    public void Durations_beyond_a_lifetime_are_refused(string text, bool good) =>
        Assert.Equal(good, Quantities.TryParseDuration(text, out _));

    [Fact]
    public void Modes_print_as_they_are_read() =>
        Assert.All(Enumerable.Range(0, 4096), m => Assert.Equal(m, Ownership.ParseMode(new Ownership("root", "root", m).Octal)));

    private static void Check(int times, Property property) => property.Check(Config.QuickThrowOnFailure.WithMaxTest(times));

    private static bool Read(byte[] bytes)
    {
        var report = new Report();
        var node = YamlReader.Read("answers.yaml", bytes, report);
        return node is not null || report.HasErrors;
    }

    // A value counts as data when every file has the lines it has without it, but for those that differ by the value itself
    // in one of its harmless spellings; so a line that is neither old nor holds such a spelling is a directive smuggled in.
    private static bool Judge(string path, string text)
    {
        var field = Samples.Screens.Fields.Single(f => f.Path == path);
        var section = path.Split('.')[0];
        var value = field.IsList ? $"[{Quoted(text)}]" : Quoted(text);
        var yaml = Yaml(section, path.Split('.')[1], value);
        var settings = Samples.Resolve(yaml, Samples.With((text, "x")), out var report);
        Assert.Equal(report.HasErrors, settings is null);
        // An empty value takes away the space beside it as well, and smuggles nothing.
        if (settings is null || text.Length == 0)
            return true;
        var node = Samples.Renderer.Render(settings, Samples.Material(settings), "");
        Assert.DoesNotContain(node.Entries, e => e.Path.Any(c => c is '\n' or ' ' or '"'));
        if (field.Kind.Name is not ("text" or "password"))
            return true;
        var baseline = Samples.Resolve(Yaml(section, path.Split('.')[1], field.IsList ? "[safe]" : "safe"), null, out _)!;
        var plain = Samples.Renderer.Render(baseline, Samples.Material(baseline), "");
        foreach (var file in node.Entries.Where(e => e.Kind == EntryKind.File && e.Path != "/etc/gatehouse/dkim.txt"))
        {
            var safe = plain.Entries.FirstOrDefault(e => e.Path == file.Path);
            if (safe is null)
                continue;
            var (lines, before) = (node.Contents[file.Hash].Text.Split('\n'), plain.Contents[safe.Hash].Text.Split('\n'));
            Assert.Equal(before.Length, lines.Length);
            var forms = new List<(string Form, string Safe)>
            {
                (TemplateEngine.EximText(text), "safe"),
                (Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), "c2FmZQ=="),
            };
            if (text.All(c => char.IsAsciiLetterOrDigit(c) || "._-".Contains(c, StringComparison.Ordinal)))
                forms.Add((text, "safe"));
            for (var i = 0; i < lines.Length; i++)
            {
                // A place may leave out what it cannot hold (the SMTP banner takes ASCII only).
                string[] allowed =
                [
                    before[i],
                    before[i].Replace("safe ", "", StringComparison.Ordinal),
                    .. forms.Select(f => before[i].Replace(f.Safe, f.Form, StringComparison.Ordinal)),
                ];
                Assert.Contains(lines[i], allowed);
            }
        }

        return true;
    }

    private static string Yaml(string section, string key, string value)
    {
        var smart = key is "smart_host_user" or "smart_host_password"
            ? $"  smart_host: relay.example.net\n{(key == "smart_host_user" ? "  smart_host_password: x\n" : "  smart_host_user: x\n")}"
            : "";
        var lines = Samples.Minimal.Split('\n').Where(l => !l.StartsWith($"  {key}:", StringComparison.Ordinal)).ToList();
        var at = lines.IndexOf($"{section}:");
        if (at < 0)
            lines.InsertRange(lines.Count - 1, [$"{section}:", $"  {key}: {value}"]);
        else
            lines.Insert(at + 1, $"  {key}: {value}");
        return string.Join('\n', lines).Replace("mta:\n", $"mta:\n{smart}", StringComparison.Ordinal);
    }

    // A YAML double-quoted text, every character by its number.
    private static string Quoted(string text) =>
        $"\"{string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? $"{c}" : char.IsSurrogate(c) ? $"{c}" : $"\\u{(int)c:x4}"))}\"";

    private static byte[] Expand(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
                bytes.Add((byte)text[i]);
            else
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 2, 2), 16));
                i += 3;
            }
        }

        return [.. bytes];
    }
}
