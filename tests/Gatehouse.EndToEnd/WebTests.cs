using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(GatewayStories.Name)]
public sealed class WebTests(Gateway gateway)
{
    [Fact]
    public void The_administrator_gets_in_and_nobody_else()
    {
        Assert.Equal("200", Status("10.77.0.121", $"admin:{gateway.Password}"));
        Assert.Equal("401", Status("10.77.0.121", "admin:wrong"));
        Assert.Equal(
            "000",
            Lab.Exec(
                Gateway.Client,
                "curl",
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "--max-time",
                "2",
                "http://10.77.0.121:11334/"
            ).Output
        );
    }

    [Fact]
    public void Through_the_load_balancer_the_log_shows_the_clients_address()
    {
        Assert.Equal("200", Status("10.77.0.150", $"admin:{gateway.Password}"));
        var log = Lab.Exec(Gateway.Name, "tail", "-n", "1", "/var/log/nginx/access.log").Expect(0).Output;
        Assert.StartsWith("10.77.0.130 - admin ", log, StringComparison.Ordinal);
    }

    [Fact]
    public void The_firewall_keeps_other_networks_out()
    {
        // The mail host is in none of the allowed networks.
        var status = Lab.Exec(
            Gateway.Sink,
            "curl",
            "-sk",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "--max-time",
            "2",
            "https://10.77.0.121/"
        ).Output;
        Assert.Equal("000", status);
        Assert.Contains(
            "220 mx1.lab.example",
            Lab.Shell(Gateway.Sink, "printf 'QUIT\\r\\n' | timeout 5 nc 10.77.0.121 25").Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("/saveMAP")]
    [InlineData("/savemap/x/..")]
    [InlineData("/%73avemap")]
    [InlineData("/stat/../SaveActions")]
    [InlineData("/savesymbols/")]
    [InlineData("/statreset")]
    [InlineData("/nothing/of/it")]
    public void Nothing_is_stored_however_the_path_is_written(string path) =>
        Assert.Equal("403", Asked(path, "-X", "POST", "-d", "[]", "-H", "X-Requested-With: XMLHttpRequest"));

    [Theory]
    [InlineData("/")]
    [InlineData("/js/main.js")]
    [InlineData("/css/rspamd.css")]
    [InlineData("/history")]
    [InlineData("/plugins/selectors/list_extractors")]
    public void What_the_interface_loads_it_gets(string path) => Assert.Equal("200", Asked(path, "-H", "Sec-Fetch-Site: same-origin"));

    [Fact]
    public void Another_site_may_lead_to_the_page_and_do_nothing()
    {
        Assert.Equal("200", Asked("/", "-H", "Sec-Fetch-Site: cross-site"));
        Assert.Equal("403", Asked("/stat", "-H", "Sec-Fetch-Site: same-site"));
        Assert.Equal("403", Asked("/historyreset"));
        Assert.Equal("403", Asked("/historyreset", "-H", "Sec-Fetch-Site: none"));
        Assert.Equal("403", Asked("/historyreset", "-H", "Sec-Fetch-Site: cross-site"));
        Assert.Equal("403", Asked("/learnspam", "-d", "x", "-H", "X-Requested-With: x", "-H", "Origin: https://elsewhere.example"));
        Assert.Equal("403", Asked("/learnspam", "-d", "x", "-H", "Origin: null"));
        Assert.Equal(
            "200",
            Asked(
                "/checkv2",
                "-d",
                "x",
                "-H",
                "X-Requested-With: XMLHttpRequest",
                "-H",
                "Sec-Fetch-Site: same-origin",
                "-H",
                "Origin: https://10.77.0.121"
            )
        );
    }

    private string Asked(string path, params string[] more) =>
        Lab.Exec(
            Gateway.Client,
            ["curl", "-sk", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", .. more, "--config", "-"],
            $"user = \"admin:{gateway.Password}\"\nurl = \"https://10.77.0.121{path}\"\n"
        ).Output;

    private static string Status(string address, string login) =>
        Lab.Exec(
            Gateway.Client,
            ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", "--config", "-"],
            $"user = \"{login}\"\nurl = \"https://{address}/stat\"\n"
        ).Output;
}
