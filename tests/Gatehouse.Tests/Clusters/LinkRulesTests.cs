using System.Net;
using Gatehouse.Core.Clusters;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class LinkRulesTests
{
    [Fact]
    public void A_good_link_gives_no_warning() => Assert.Empty(LinkRules.Warnings("node", [Link("full", 20, 20, 1)]));

    [Theory]
    [InlineData(50, false)]
    [InlineData(51, true)]
    [InlineData(200, true)]
    public void A_long_round_trip_to_the_backend_warns(double milliseconds, bool warns) =>
        Assert.Equal(
            warns,
            LinkRules
                .Warnings("web", [Link("database", 20, 20, milliseconds)])
                .Any(w => w.Contains("the round trip takes", StringComparison.Ordinal))
        );

    [Fact]
    public void Lost_handshakes_warn_and_say_how_many()
    {
        var warning = Assert.Single(LinkRules.Warnings("mail", [Link("backend", 19, 20, 1)]));
        Assert.Contains("n2.example.org (192.0.2.2) is poor: 1 of 20 handshakes were lost.", warning, StringComparison.Ordinal);
        Assert.EndsWith(".", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_troubles_are_told_in_one_sentence() =>
        Assert.Contains(
            "5 of 20 handshakes were lost; the round trip takes 200 ms",
            Assert.Single(LinkRules.Warnings("full", [Link("full", 15, 20, 200)])),
            StringComparison.Ordinal
        );

    [Fact]
    public void Silence_is_told_with_the_port_to_open() =>
        Assert.Contains(
            "Nothing answers at n2.example.org (192.0.2.2), TCP port 1028",
            Assert.Single(LinkRules.Warnings("mail", [Link("database", 0, 0)])),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("mail", "web", false)]
    [InlineData("node", "mail", false)]
    [InlineData("node", "database", true)]
    [InlineData("mq", "web", true)]
    [InlineData("cache", "indexer", true)]
    [InlineData("full", "full", true)]
    public void Links_between_front_ends_do_not_matter(string one, string other, bool matters)
    {
        Assert.Equal(matters, LinkRules.Matters(one, other));
        Assert.Equal(matters, LinkRules.Warnings(one, [Link(other, 20, 20, 500)]).Any());
    }

    [Fact]
    public void One_slow_answer_among_many_does_not_count()
    {
        var link = new LinkSample(To("database"), 5, [.. new[] { 2, 400, 1, 3, 2 }.Select(m => TimeSpan.FromMilliseconds(m))], 5);
        Assert.Equal(TimeSpan.FromMilliseconds(2), link.RoundTrip);
        Assert.Empty(LinkRules.Warnings("node", [link]));
        Assert.Equal("n2.example.org (192.0.2.2): 2.0 ms, 0 of 5 lost", LinkRules.Line(link));
    }

    private static LinkSample Link(string profile, int first, int answered, double milliseconds = 1) =>
        new(To(profile), 20, [.. Enumerable.Repeat(TimeSpan.FromMilliseconds(milliseconds), first)], answered);

    private static Neighbour To(string profile) => new("n2.example.org", IPAddress.Parse("192.0.2.2"), 1028, profile);
}
