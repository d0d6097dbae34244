using System.Text;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Golden;

/// <summary>Answer files that will not do (or do with a remark), and exactly what the administrator is told.</summary>
public sealed class InvalidGoldenTests
{
    // Its ten megabytes are made by the test, not kept here.
    private const string TooLarge = "too-large";

    public static TheoryData<string> Cases => [.. GoldenCase.Names("invalid").Where(n => n != TooLarge)];

    [Fact]
    public void There_are_cases() => Assert.True(Cases.Count >= 45, $"{Cases.Count} cases");

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_bad_answer_file_gives_exactly_the_expected_findings(string name)
    {
        var golden = GoldenCase.Of("invalid", name);
        var settings = golden.Resolve(out var report);
        golden.Expect("report.txt", string.Concat(report.Select(f => $"{f}\n")));
        Assert.NotEmpty(report);
        Assert.Equal(report.HasErrors, settings is null);
    }

    [Fact]
    public void A_file_of_ten_megabytes_is_refused_unread()
    {
        var golden = GoldenCase.Of("invalid", TooLarge);
        var line = Encoding.UTF8.GetBytes("# a comment that says nothing, over and over again\n");
        var bytes = Enumerable.Repeat(line, (10 << 20) / line.Length).SelectMany(b => b).ToArray();
        Assert.Null(golden.Resolve(bytes, out var report));
        golden.Expect("report.txt", string.Concat(report.Where(f => f.Code == "file-too-large").Select(f => $"{f}\n")));
    }

    [Fact]
    public void A_file_that_cannot_be_read_as_YAML_is_not_also_judged_for_missing_answers()
    {
        Samples.Resolve("system:\n\tname: mx1.example.org\n", null, out var report);
        Assert.Equal(["yaml-syntax"], report.Select(f => f.Code));
    }
}
