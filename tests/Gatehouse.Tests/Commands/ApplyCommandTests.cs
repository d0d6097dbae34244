using System.Text;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Machines;
using Gatehouse.Tests.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Commands;

public sealed class ApplyCommandTests
{
    [Fact]
    public async Task Without_a_file_an_apply_takes_the_answers_of_before_the_one_that_was_cut_off()
    {
        var root = Directory.CreateTempSubdirectory("gatehouse-apply-").FullName;
        try
        {
            var (first, second) = (
                Path.Combine(root, "first.yaml"),
                Samples.Minimal.Replace("mta:", "mta:\n  message_size_limit: 120M", StringComparison.Ordinal)
            );
            await File.WriteAllTextAsync(first, Samples.Minimal);
            Assert.Equal(0, await RunAsync("apply", first, "--root", root));

            var machine = new LocalMachine(root);
            var line = new Pipeline(machine, TimeProvider.System, renders: true);
            var node = await line.RenderAsync(
                line.Resolve("second.yaml", Encoding.UTF8.GetBytes(second), ownerOnly: true, prompt: null)!,
                second,
                default
            );
            await Assert.ThrowsAsync<KilledException>(() =>
                Tree.Applier(new CutOffAfter(machine, AnswersInForce.Path)).ApplyAsync(node, "apply", default)
            );
            Assert.Equal(second, await File.ReadAllTextAsync(machine.Real(AnswersInForce.Path)));
            Assert.Equal(1, await RunAsync("drift", "--root", root));

            Assert.Equal(0, await RunAsync("apply", "--root", root));
            Assert.Equal(Samples.Minimal, await File.ReadAllTextAsync(machine.Real(AnswersInForce.Path)));
            Assert.Equal(0, await RunAsync("drift", "--root", root));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static Task<int> RunAsync(params string[] words) =>
        CommandLine.Create().Parse([.. words, "--yes", "--no-network-checks"]).InvokeAsync();
}
