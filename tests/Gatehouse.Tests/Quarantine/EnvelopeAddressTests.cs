using Gatehouse.Core.Quarantine;
using Xunit;

namespace Gatehouse.Tests.Quarantine;

public sealed class EnvelopeAddressTests
{
    // Exim writes local parts into the file without their quotes.
    [Theory]
    [InlineData("user@example.org", "user@example.org")]
    [InlineData("a/b!c%d|e`f@example.org", "a/b!c%d|e`f@example.org")]
    [InlineData("grüße@example.org", "grüße@example.org")]
    [InlineData("john smith@example.org", "\"john smith\"@example.org")]
    [InlineData("grüße smith@example.org", "\"grüße smith\"@example.org")]
    [InlineData("a@b@example.org", "\"a@b\"@example.org")]
    [InlineData("a\"b\\c@example.org", "\"a\\\"b\\\\c\"@example.org")]
    [InlineData("\"x\"@example.org", "\"\\\"x\\\"\"@example.org")]
    [InlineData(".x@example.org", "\".x\"@example.org")]
    [InlineData("@example.org", "\"\"@example.org")]
    public void A_stored_recipient_gets_its_quotes_back(string stored, string address)
    {
        Assert.Equal(address, EnvelopeAddress.FromStored(stored));
        Assert.Equal(
            [address],
            QuarantinedMessage
                .Read(new QuarantineId(1, "1xUsvq-00009Z-00"), $"gatehouse-quarantine: 1\nenvelope:\n\n{stored}\n")!
                .Recipients.AsEnumerable()
        );
    }

    [Theory]
    [InlineData("user@example.org", "user@example.org")]
    [InlineData("\"john smith\"@Example.org", "\"john smith\"@example.org")]
    [InlineData("\"a\\\"b\\\\\"@example.org", "\"a\\\"b\\\\\"@example.org")]
    [InlineData("a/b@example.org", "a/b@example.org")]
    [InlineData("grüße@münchen.example", "grüße@xn--mnchen-3ya.example")]
    public void A_lawful_address_is_taken_as_it_is_with_its_domain_in_ASCII(string text, string address)
    {
        Assert.True(EnvelopeAddress.TryParse(text, out var parsed));
        Assert.Equal(address, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("user")]
    [InlineData("@example.org")]
    [InlineData("john smith@example.org")]
    [InlineData("\"john@example.org")]
    [InlineData("\"a\"b\"@example.org")]
    [InlineData("\"a\\\"@example.org")]
    [InlineData("a..b@example.org")]
    [InlineData("a,b@example.org")]
    [InlineData("a<b>@example.org")]
    [InlineData("a\nb@example.org")]
    [InlineData("\"a\nb\"@example.org")]
    [InlineData("user@exa mple.org")]
    [InlineData("user@[192.0.2.1]")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg@example.org")]
    public void Anything_else_is_no_address(string text) => Assert.False(EnvelopeAddress.TryParse(text, out _));
}
