using Gatehouse.Core.Scanning;
using Xunit;

namespace Gatehouse.Tests.Core.Scanning;

public sealed class SignatureAgeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 23, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("ClamAV 1.4.6/27500/Sun Nov 29 09:31:02 2026\n", 27500, 0)]
    [InlineData("ClamAV 1.4.6/27380/Sat Aug  1 08:26:40 2026\0", 27380, 120)]
    [InlineData("ClamAV 1.4.6/27501/Mon Nov 30 09:31:02 2026", 27501, 0)]
    public void The_answer_of_clamd_tells_the_number_and_the_age_in_days(string answer, int number, int days)
    {
        var age = SignatureAge.Read(answer);
        Assert.Equal(number, age?.Number);
        Assert.Equal(days, age?.Days(Now));
    }

    [Fact]
    public void Without_daily_signatures_there_is_no_age()
    {
        var age = SignatureAge.Read("ClamAV 1.4.6\n");
        Assert.NotNull(age);
        Assert.Null(age.Number);
        Assert.Null(age.Days(Now));
    }

    [Fact]
    public void A_date_that_cannot_be_read_is_unknown() =>
        Assert.Equal(new SignatureAge(7, null), SignatureAge.Read("ClamAV 1.4.6/7/yesterday"));

    [Theory]
    [InlineData("")]
    [InlineData("UNKNOWN COMMAND")]
    public void What_is_no_answer_of_clamd_is_none(string answer) => Assert.Null(SignatureAge.Read(answer));
}
