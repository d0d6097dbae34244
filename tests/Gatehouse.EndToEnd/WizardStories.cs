using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>From a bare Debian to a gateway that works, by the wizard alone; and its answers make another host the same.</summary>
[Trait("Lane", "beside")]
public sealed class WizardStories(WizardRuns runs) : IClassFixture<WizardRuns>
{
    public static TheoryData<string> Terms => WizardEndTests.Terms;

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_gateway_is_set_up_by_keys_alone(string term)
    {
        var outcome = runs.Of(term);
        Assert.Contains("name: mx1.lab.example", outcome.Answers, StringComparison.Ordinal);
        Assert.DoesNotContain(Operator.Password, outcome.Answers, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_is_set_up_line_by_line_from_standard_input() =>
        // The same answers, so the same file, whichever way they were given.
        Assert.Equal(runs.Of("vt100").Answers, runs.Of("plain").Answers);

    [Theory]
    [InlineData("linux")]
    [InlineData("plain")]
    public void The_saved_answers_make_another_host_the_same_byte_for_byte(string term)
    {
        var outcome = runs.Of(term);
        Assert.Equal(outcome.Managed, runs.OnAnother(outcome));
    }
}
