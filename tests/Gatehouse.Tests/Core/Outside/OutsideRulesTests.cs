using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Outside;
using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Outside;

public sealed class OutsideRulesTests
{
    private const string Own = "192.0.2.10";
    private const string Key = "MIIBIjANBgkq";

    private static readonly GatewaySettings Gateway = Samples.Settings(
        Samples.Minimal.Replace(
            "mta:\n",
            """
            mta:
              domains:
                - {domain: example.org, destination: "192.0.2.40:25"}
              relay_networks: [192.0.2.64/28]
              dkim_domains: [example.org]

            """,
            StringComparison.Ordinal
        )
    );

    private static readonly OutsideView Well = new()
    {
        Now = Samples.Now,
        Network = true,
        Addresses = [IPAddress.Parse(Own)],
        MemoryBytes = 4L << 30,
        Free = ImmutableSortedDictionary<string, long>.Empty.Add("/var/lib", 9L << 30),
        SshPorts = [22],
        IsSetUp = true,
        Signatures = Samples.Now.AddHours(-5),
        Certificates = [("/etc/gatehouse/pki/mta.crt", Samples.Now.AddDays(80))],
        ClockSynchronised = true,
        DkimKey = Key,
        Destinations = [new DestinationLook("example.org", "192.0.2.40:25", 250, "250 Accepted")],
        Outward = new OutwardLook("mail.example.com:25", ""),
        Dns = Dns(
            ("mx1.example.org", DnsKind.A, [Own]),
            ("mx1.example.org", DnsKind.Aaaa, []),
            (Own, DnsKind.Reverse, ["mx1.example.org"]),
            ("example.org", DnsKind.Mx, ["mx1.example.org"]),
            ("example.org", DnsKind.Txt, ["some=text", "v=spf1 mx -all"]),
            ("gatehouse._domainkey.example.org", DnsKind.Txt, [$"v=DKIM1; k=rsa; p={Key}"])
        ),
    };

    [Fact]
    public void Where_all_is_well_nothing_is_said() => Assert.Empty(OutsideRules.Judge(Gateway, Well));

    [Fact]
    public void What_was_not_looked_at_is_not_judged() => Assert.Empty(OutsideRules.Judge(Gateway, new OutsideView { Now = Samples.Now }));

    public static TheoryData<string, string> Faults =>
        new()
        {
            { "address-absent", "no interface" },
            { "ssh-port-closed", "ssh" },
            { "clock-unsynchronised", "clock" },
            { "memory-small", "memory" },
            { "disk-small", "disk" },
            { "signatures-absent", "no signatures" },
            { "signatures-old", "old signatures" },
            { "certificate-expires", "certificate" },
            { "dns-silent", "silence" },
            { "name-server-silent", "one silent" },
            { "name-without-address", "no address" },
            { "name-elsewhere", "elsewhere" },
            { "reverse-missing", "no reverse" },
            { "reverse-other", "other reverse" },
            { "mx-missing", "no mx" },
            { "mx-elsewhere", "other mx" },
            { "spf-missing", "no spf" },
            { "spf-other", "other spf" },
            { "dkim-missing", "no dkim" },
            { "dkim-other", "other dkim" },
            { "destination-here", "name of this host" },
            { "destination-unreachable", "dead destination" },
            { "destination-refuses", "refusing destination" },
            { "port-25-closed", "closed" },
        };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Each_fault_outside_gives_its_warning_and_no_other(string id, string fault)
    {
        var warning = Assert.Single(OutsideRules.Judge(Gateway, With(fault)));
        Assert.Equal(id, warning.Id);
        Assert.EndsWith(".", warning.Remedy, StringComparison.Ordinal);
        Assert.NotEmpty(warning.Subject);
    }

    [Fact]
    public void What_is_left_to_do_names_every_record_and_what_is_done()
    {
        var tasks = LeftToDo
            .Of(Gateway, With("no mx"), $"; comment\ngatehouse._domainkey.example.org. IN TXT ( \"v=DKIM1; k=rsa; \" \"p={Key}\" )\n")
            .ToArray();
        string[] expected = ["web ", "password ", "address True", "ptr True", "mx False", "spf True", "dkim True"];
        Assert.Equal(expected, tasks.Select(t => $"{t.Id} {t.IsDone}"));
        Assert.Equal("10.2.0.192.in-addr.arpa. IN PTR mx1.example.org.", tasks[3].Text);
        Assert.Equal("example.org. IN MX 10 mx1.example.org.", tasks[4].Text);
        Assert.Equal($"gatehouse._domainkey.example.org. IN TXT ( \"v=DKIM1; k=rsa; \" \"p={Key}\" )", tasks[6].Text);
    }

    [Theory]
    [InlineData("v=spf1 ip4:192.0.2.0/28 -all", true)]
    [InlineData("v=spf1 a:mx1.example.org ~all", true)]
    [InlineData("v=spf1 +mx -all", true)]
    [InlineData("v=spf1 ?ip4:192.0.2.10 -all", false)]
    [InlineData("v=spf1 ip4:198.51.100.0/24 -all", false)]
    [InlineData("v=spf1 include:_spf.example.net -all", null)]
    [InlineData("v=spf1 redirect=_spf.example.net", null)]
    [InlineData("v=spf1 exists:%{i}.example.net -all", null)]
    [InlineData("v=spf1 -all", false)]
    public void An_SPF_record_allows_this_host_or_not_or_another_record_says(string record, bool? allows) =>
        Assert.Equal(allows, SpfRecord.Allows(record, "example.org", IPAddress.Parse(Own), Well.Dns));

    [Fact]
    public void A_present_SPF_record_is_added_to_and_not_replaced() =>
        Assert.Equal(
            "example.org. IN TXT \"v=spf1 ip4:192.0.2.10 a:web.example.net ip4:198.51.100.1 -all\"",
            LeftToDo.SpfRecordFor(
                "example.org",
                Gateway,
                Well with
                {
                    Dns = new DnsAnswers(
                        Changed("example.org", DnsKind.Txt, "v=spf1 a:web.example.net ip4:198.51.100.1 -all")
                            .All.Add(new DnsQuestion("web.example.net", DnsKind.A), new DnsAnswer(true, ["198.51.100.2"]))
                    ),
                }
            )
        );

    [Fact]
    public void An_IPv6_address_has_its_reverse_name() =>
        Assert.Equal(
            "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
            LeftToDo.ReverseName(IPAddress.Parse("2001:db8::10"))
        );

    [Fact]
    public void Questions_of_the_first_round_name_what_the_answers_name()
    {
        var questions = OutsideQuestions.First(Gateway).ToArray();
        Assert.Contains(new DnsQuestion("example.org", DnsKind.Mx), questions);
        Assert.Contains(new DnsQuestion("gatehouse._domainkey.example.org", DnsKind.Txt), questions);
        Assert.Contains(new DnsQuestion(Own, DnsKind.Reverse), questions);
        Assert.Contains(new DnsQuestion("example.com", DnsKind.Mx), questions);
        Assert.Equal(questions.Length, questions.Distinct().Count());
    }

    private static OutsideView With(string fault) =>
        fault switch
        {
            "no interface" => Well with { Addresses = [IPAddress.Parse("192.0.2.11")] },
            "ssh" => Well with { SshPorts = [2222] },
            "clock" => Well with { ClockSynchronised = false },
            "memory" => Well with { MemoryBytes = 1L << 30 },
            "disk" => Well with { Free = Well.Free.SetItem("/var/lib", 300L << 20) },
            "no signatures" => Well with { Signatures = null },
            "old signatures" => Well with { Signatures = Samples.Now.AddDays(-4) },
            "certificate" => Well with { Certificates = [("/etc/gatehouse/pki/mta.crt", Samples.Now.AddDays(3))] },
            "silence" => Well with { SilentResolvers = [IPAddress.Parse("192.0.2.53")], Dns = DnsAnswers.None },
            "one silent" => Well with { SilentResolvers = [IPAddress.Parse("192.0.2.53")] },
            "no address" => Well with { Dns = Changed("mx1.example.org", DnsKind.A) },
            "elsewhere" => Well with
            {
                Dns = new DnsAnswers(
                    Changed("mx1.example.org", DnsKind.A, "198.51.100.9")
                        .All.Add(new DnsQuestion("198.51.100.9", DnsKind.Reverse), new DnsAnswer(true, ["mx1.example.org"]))
                        .SetItem(new DnsQuestion("example.org", DnsKind.Txt), new DnsAnswer(true, ["v=spf1 mx -all"]))
                ),
            },
            "no reverse" => Well with { Dns = Changed(Own, DnsKind.Reverse) },
            "other reverse" => Well with { Dns = Changed(Own, DnsKind.Reverse, "host-10.example.net") },
            "no mx" => Well with { Dns = Changed("example.org", DnsKind.Mx, also: true) },
            "other mx" => Well with
            {
                Dns = new DnsAnswers(
                    Changed("example.org", DnsKind.Mx, "mail.example.net", also: true)
                        .All.Add(new DnsQuestion("mail.example.net", DnsKind.A), new DnsAnswer(true, ["198.51.100.1"]))
                ),
            },
            "no spf" => Well with { Dns = Changed("example.org", DnsKind.Txt, "some=text") },
            "other spf" => Well with { Dns = Changed("example.org", DnsKind.Txt, "v=spf1 ip4:198.51.100.1 -all") },
            "no dkim" => Well with { Dns = Changed("gatehouse._domainkey.example.org", DnsKind.Txt) },
            "other dkim" => Well with { Dns = Changed("gatehouse._domainkey.example.org", DnsKind.Txt, "v=DKIM1; k=rsa; p=AAAA") },
            // Under another name: this host's own port 25 takes the recipient.
            "name of this host" => Well with { Addresses = [IPAddress.Parse(Own), IPAddress.Parse("192.0.2.40")] },
            "dead destination" => Well with
            {
                Destinations = [new DestinationLook("example.org", "192.0.2.40:25", 0, "Connection refused")],
            },
            "refusing destination" => Well with
            {
                Destinations = [new DestinationLook("example.org", "192.0.2.40:25", 550, "550 relay not permitted")],
            },
            "closed" => Well with { Outward = new OutwardLook("mail.example.com:25", "it does not answer in time") },
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
        };

    // Without its MX record, "mx" in an SPF record allows nobody; then the SPF record names the address itself.
    private static DnsAnswers Changed(string name, DnsKind kind, string? value = null, bool also = false)
    {
        var all = Well.Dns.All.SetItem(new DnsQuestion(name, kind), new DnsAnswer(true, value is null ? [] : [value]));
        if (also || (name == "mx1.example.org" && value is null))
            all = all.SetItem(new DnsQuestion("example.org", DnsKind.Txt), new DnsAnswer(true, [$"v=spf1 ip4:{Own} -all"]));
        return new DnsAnswers(all);
    }

    private static DnsAnswers Dns(params (string Name, DnsKind Kind, string[] Values)[] answers) =>
        new(answers.ToImmutableDictionary(a => new DnsQuestion(a.Name, a.Kind), a => new DnsAnswer(true, [.. a.Values])));
}
