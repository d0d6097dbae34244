using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>Secrets of the cluster on a disk: whoever has laid links in their way, whatever the mask, and when the program
/// crashes.</summary>
[Collection(AloneCollection.Name)]
public sealed class PrivateFilesTests : IDisposable
{
    private const UnixFileMode ForOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private const UnixFileMode Writable = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const string Canary = "CANARY0123456789";

    // Everything that the sequences write of a membership, besides an apply.
    private static readonly string[] Written =
    [
        $"{ClusterFiles.Trust}/node.key",
        $"{ClusterFiles.Trust}/node.crt",
        $"{ClusterFiles.Trust}/issuer.key",
        $"{ClusterFiles.Trust}/cluster-ca.pem",
        $"{ClusterFiles.Trust}/next.key",
        $"{ClusterFiles.Trust}/next-issuer.key",
        JoinSequence.Granted,
        ClusterFiles.EncryptionKey,
        ClusterFiles.SealedRootKey,
        ClusterFiles.MasterToken,
        SealedName.FileOf("web.password"),
        LocalNode.Path,
    ];

    private readonly string root = Directory.CreateTempSubdirectory("gatehouse-private-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_link_that_was_laid_where_a_secret_goes_is_replaced_and_what_it_points_to_is_untouched()
    {
        var (machine, victim) = (new LocalMachine(root), Path.Combine(root, "victim"));
        await File.WriteAllTextAsync(victim, "mine");
        foreach (var path in Written)
        {
            var real = machine.Real(path);
            Directory.CreateDirectory(Path.GetDirectoryName(real)!);
            // At the place itself, and where the half-made file is.
            File.CreateSymbolicLink(real, victim);
            File.CreateSymbolicLink(Path.Combine(Path.GetDirectoryName(real)!, $".{Path.GetFileName(real)}.gatehouse-new"), victim);
            await new ClusterFiles(machine).WriteSecretAsync(path, new Secret(Canary), CancellationToken.None);
            Assert.Null(new FileInfo(real).LinkTarget);
            Assert.Equal(Canary, (await File.ReadAllTextAsync(real)).Trim());
            Assert.Equal("mine", await File.ReadAllTextAsync(victim));
        }

        // One that points to nothing is no way to make a file either.
        var (file, nowhere) = (Path.Combine(root, "bundle"), Path.Combine(root, "nowhere"));
        File.CreateSymbolicLink(file, nowhere);
        File.CreateSymbolicLink($"{file}.{Environment.ProcessId}.new", victim);
        PrivateFile.Write(file, "secret"u8);
        Assert.False(File.Exists(nowhere));
        Assert.Equal("mine", await File.ReadAllTextAsync(victim));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Theory]
    [InlineData(ClusterFiles.Trust)]
    [InlineData("/etc/gatehouse/secrets")]
    public async Task A_link_in_the_place_of_a_directory_of_secrets_is_refused(string directory)
    {
        var (machine, elsewhere) = (new LocalMachine(root), Directory.CreateDirectory(Path.Combine(root, "elsewhere")).FullName);
        Directory.CreateDirectory(Path.GetDirectoryName(machine.Real(directory))!);
        Directory.CreateSymbolicLink(machine.Real(directory), elsewhere);
        var refused = await Assert.ThrowsAsync<MachineException>(() =>
            new ClusterFiles(machine).WriteSecretAsync($"{directory}/x", new Secret(Canary), CancellationToken.None).AsTask()
        );
        Assert.Contains("in the way", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(elsewhere));
    }

    [Fact]
    public async Task With_any_mask_nobody_else_reads_a_secret_or_writes_where_one_lies()
    {
        var machine = new LocalMachine(root);
        var before = LibC.SetMask(0);
        try
        {
            var files = new ClusterFiles(machine);
            foreach (var path in Written)
                await files.WriteSecretAsync(path, new Secret(Canary), CancellationToken.None);
            await files.WriteForAgentAsync(ClusterFiles.EncryptionKeyToGive, new Secret(Canary), CancellationToken.None);
            await files.WriteTrustAsync("node.key", Canary, CancellationToken.None);
            PrivateFile.Write(Path.Combine(root, "bundle"), "secret"u8);
            using var alone = await ClusterLock.TakeAsync(machine, CancellationToken.None);
            using var proposal = ProposalLock.TryTake(machine);
            Assert.NotNull(proposal);
        }
        finally
        {
            _ = LibC.SetMask(before);
        }

        foreach (var path in Written.Select(machine.Real).Append(Path.Combine(root, "bundle")))
            Assert.Equal(default, File.GetUnixFileMode(path) & ForOthers);
        // The agent of the issuer hands this one out.
        Assert.Equal(UnixFileMode.GroupRead, File.GetUnixFileMode(machine.Real(ClusterFiles.EncryptionKeyToGive)) & ForOthers);
        foreach (var directory in Directory.GetDirectories(root, "*", SearchOption.AllDirectories))
            Assert.True((File.GetUnixFileMode(directory) & Writable) == 0, directory);
        Assert.Equal(default, File.GetUnixFileMode(machine.Real(ClusterFiles.Trust)) & ForOthers);
    }

    [Fact]
    public async Task A_directory_of_secrets_that_others_may_write_into_is_closed_first()
    {
        var machine = new LocalMachine(root);
        Directory.CreateDirectory(machine.Real(ClusterFiles.Trust));
        File.SetUnixFileMode(machine.Real(ClusterFiles.Trust), (UnixFileMode)0b111_111_111);
        await new ClusterFiles(machine).WriteTrustAsync("node.key", Canary, CancellationToken.None);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(machine.Real(ClusterFiles.Trust))
        );
    }

    [Fact]
    public async Task A_program_that_crashes_with_a_code_in_its_memory_leaves_no_core_and_shows_it_in_no_process_list()
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("this test joins a cluster, which needs root");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var certificate = new SampleCluster(made: DateTimeOffset.UtcNow).Root.Certificate;
        var code = JoinCode.Make(RandomNumberGenerator.GetBytes(JoinCode.RandomBytes), Pin.Of(certificate));
        var program = Path.Combine(
            Repository.Root,
            "src",
            "Gatehouse",
            "bin",
            Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!),
            "net10.0",
            "linux-x64",
            "gatehouse"
        );
        using var process = Process.Start(
            new ProcessStartInfo(
                "/bin/sh",
                [
                    "-c",
                    $"ulimit -c unlimited; umask 000; exec {program} join 127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port} --name "
                        + $"mx1.example.org --address 192.0.2.9",
                ]
            )
            {
                WorkingDirectory = root,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteLineAsync(code.Text.Reveal());
        process.StandardInput.Close();
        // It has read the code when it calls, and nobody answers.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var caller = await silent.AcceptTcpClientAsync(patience.Token);
        string Of(string name) => File.ReadAllText($"/proc/{process.Id}/{name}");
        Assert.Contains("Umask:\t0022", Of("status"), StringComparison.Ordinal);
        Assert.Matches(@"Max core file size +0 +0 ", Of("limits"));
        Assert.DoesNotContain(code.Secret.Reveal(), Of("cmdline") + Of("environ"), StringComparison.Ordinal);
        Assert.DoesNotContain(code.Text.Reveal(), Of("cmdline") + Of("environ"), StringComparison.Ordinal);
        using (var kill = Process.Start("/bin/kill", ["-SEGV", $"{process.Id}"]))
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync(patience.Token);
        Assert.NotEqual(0, process.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(root));
        Assert.DoesNotContain(code.Text.Reveal()[^20..], await output + await error, StringComparison.Ordinal);
    }
}
