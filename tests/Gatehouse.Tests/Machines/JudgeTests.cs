using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>What an exit code and an output mean.</summary>
public sealed class JudgeTests
{
    [Theory]
    [InlineData(0, "configuration OK", "", true)]
    [InlineData(1, "configuration OK", "", false)]
    [InlineData(124, "", "", false)]
    [InlineData(2, "router = behind", "", true)]
    [InlineData(0, "nothing of note", "", false)]
    [InlineData(0, "configuration OK", "error in ACL: unknown", false)]
    [InlineData(0, "configuration OK\nERROR in acl", "", false)]
    public void Exit_code_fatal_and_wanted_words_decide_together(int exit, string output, string error, bool good) =>
        Assert.Equal(
            good,
            CheckSandbox.Judge(
                new Check("check", "app", ["app"], "", [0, 2], ["(?i)error in acl"], ["OK|router = "], false, ""),
                new CommandResult(exit, output, error)
            )
        );
}
