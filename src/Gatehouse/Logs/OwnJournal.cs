using System.Diagnostics;
using System.Net;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Logs;

namespace Gatehouse.Logs;

/// <summary>The log of a host that is no member of a cluster: its journal, read without an agent.</summary>
internal static class OwnJournal
{
    private const int LongestLine = 4 << 20;

    /// <summary>This host, in the place of a member.</summary>
    /// <param name="name">Its name.</param>
    public static ClusterNode Host(string name) =>
        new()
        {
            Number = 0,
            Name = name.Length == 0 ? "localhost" : name,
            Address = IPAddress.Loopback,
            Port = 0,
            Profile = "standalone",
            Location = "",
            State = NodeState.Active,
            Release = Release.Version,
            SettingsVersion = 0,
            CertificateExpires = null,
            Joined = DateTimeOffset.UnixEpoch,
            LastSeen = null,
        };

    /// <summary>Whether a node is this host without a cluster. Members always have a port.</summary>
    public static bool IsOwn(ClusterNode node) => node.Port == 0;

    /// <summary>Passes lines on, an object each as journalctl(1) writes it.</summary>
    /// <exception cref="AgentException">journalctl failed.</exception>
    public static async Task ReadAsync(LogQuery query, Func<ReadOnlyMemory<byte>, bool, ValueTask> take, CancellationToken ct)
    {
        var start = new ProcessStartInfo("/usr/bin/journalctl", query.JournalArguments())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var journal = Process.Start(start) ?? throw new AgentException("journalctl cannot be started.");
        try
        {
            journal.StandardInput.Close();
            var complaint = journal.StandardError.ReadToEndAsync(ct);
            var reader = System.IO.Pipelines.PipeReader.Create(journal.StandardOutput.BaseStream, new(bufferSize: 64 << 10));
            await LinesAsync(reader, take, ct);
            await journal.WaitForExitAsync(ct);
            // With an expression that nothing matches it exits 1 and says nothing.
            if (journal.ExitCode != 0 && (journal.ExitCode != 1 || (await complaint).Trim().Length > 0))
                throw new AgentException($"journalctl failed with code {journal.ExitCode}: {(await complaint).Trim()}");
        }
        finally
        {
            if (!journal.HasExited)
                journal.Kill();
        }
    }

    private static async Task LinesAsync(
        System.IO.Pipelines.PipeReader reader,
        Func<ReadOnlyMemory<byte>, bool, ValueTask> take,
        CancellationToken ct
    )
    {
        while (true)
        {
            var result = await reader.ReadAsync(ct);
            var rest = result.Buffer;
            while (System.Buffers.BuffersExtensions.PositionOf(rest, (byte)'\n') is { } end)
            {
                var line = System.Buffers.BuffersExtensions.ToArray(rest.Slice(0, end));
                rest = rest.Slice(rest.GetPosition(1, end));
                await take(line, System.Buffers.BuffersExtensions.PositionOf(rest, (byte)'\n') is not null);
            }

            if (rest.Length > LongestLine)
                throw new AgentException("journalctl printed a line longer than 4 MB.");
            reader.AdvanceTo(rest.Start, rest.End);
            if (result.IsCompleted)
                return;
        }
    }
}
