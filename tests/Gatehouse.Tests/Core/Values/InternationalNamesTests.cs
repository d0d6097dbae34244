using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Core.Values;

public sealed class InternationalNamesTests
{
    [Theory]
    [InlineData("xn--mnchen-3ya.example", "münchen.example", "München.Example", "MÜNCHEN.EXAMPLE")]
    [InlineData("mail.xn--e1afmkfd.xn--p1ai", "mail.пример.рф", "Mail.Пример.Рф", "MAIL.ПРИМЕР.РФ")]
    [InlineData("xn--fsq.example", "例.example", "例.Example", "例.EXAMPLE")]
    [InlineData("xn--strae-oqa.example", "straße.example", "Straße.Example", "STRAßE.EXAMPLE")]
    public void A_domain_is_written_in_small_letters_or_in_capitals(string domain, params string[] spellings) =>
        Assert.Equal(spellings, InternationalNames.Spellings(domain));

    [Theory]
    [InlineData("example.org")]
    [InlineData("xn--a.example")]
    [InlineData("xn--99999999999.example")]
    public void A_domain_that_has_no_letters_beyond_ASCII_has_one_spelling(string domain) =>
        Assert.Empty(InternationalNames.Spellings(domain));

    [Theory]
    [InlineData("MÜNCHEN.example", "xn--mnchen-3ya.example")]
    [InlineData("Example.org", "example.org")]
    public void A_domain_in_any_letters_has_one_form_in_ASCII(string text, string domain)
    {
        Assert.True(InternationalNames.TryParse(text, out var parsed));
        Assert.Equal(domain, parsed);
    }
}
