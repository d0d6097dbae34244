using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class ProcessRunnerTests
{
    [Fact]
    public async Task What_was_printed_counts_even_when_a_child_keeps_the_pipe_open()
    {
        var result = await new LocalMachine().RunAsync(
            Invocation.Of("sh", "-c", "echo said; sleep 5 & exit 3"),
            null,
            CancellationToken.None
        );
        Assert.Equal((3, "said\n"), (result.ExitCode, result.Output));
    }
}
