using System.Collections.Immutable;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines.Probes;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class VerifierTests
{
    [Fact]
    public async Task A_service_that_does_not_answer_is_reported_with_the_hint_of_its_component()
    {
        // Nothing listens on the port for multiplexed TCP services.
        var parameters = ImmutableSortedDictionary<string, string>
            .Empty.Add("address", "127.0.0.1:1")
            .Add("expect", "pong")
            .Add("hint", "See its log.");
        var result = await new Verifier(new MemoryMachine(), TimeProvider.System).VerifyAsync(
            new Verification("scanner", "talk", parameters, TimeSpan.Zero, ""),
            CancellationToken.None
        );
        Assert.False(result.Passed);
        Assert.EndsWith(". See its log.", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_does_not_exist_is_said_to()
    {
        var parameters = ImmutableSortedDictionary<string, string>.Empty.Add("address", "/nowhere/clamd.ctl").Add("expect", "PONG");
        var result = await new Verifier(new MemoryMachine(), TimeProvider.System).VerifyAsync(
            new Verification("ClamAV daemon", "talk", parameters, TimeSpan.Zero, ""),
            CancellationToken.None
        );
        Assert.StartsWith("the socket /nowhere/clamd.ctl does not exist", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lock_of_a_strangers_network_is_its_owners_alone_whatever_was_there()
    {
        var run = Directory.CreateTempSubdirectory("gatehouse-lock-").FullName;
        Directory.CreateDirectory($"{run}/verify");
        await File.WriteAllTextAsync($"{run}/verify/lock", "");
        File.SetUnixFileMode(
            $"{run}/verify",
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute
        );
        File.SetUnixFileMode($"{run}/verify/lock", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        await using (await StrangerNetwork.LockAsync(run, CancellationToken.None))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode($"{run}/verify"));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{run}/verify/lock"));
        }

        Directory.Delete(run, recursive: true);
    }
}
