using System.Buffers;
using System.IO.Pipelines;

namespace Gatehouse.Agent;

/// <summary>Lines that another node's agent sends, as they come.</summary>
public sealed class LogStream : IAsyncDisposable
{
    private const int LongestLine = 4 << 20;
    private readonly HttpResponseMessage response;
    private readonly PipeReader reader;
    private readonly string where;
    private readonly TimeSpan silence;

    internal LogStream(HttpResponseMessage response, Stream body, string where, TimeSpan silence)
    {
        (this.response, this.where, this.silence) = (response, where, silence);
        reader = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 64 << 10));
    }

    /// <summary>The next line, which stays good until the next call; empty when the other side only says that it is alive; null at the
    /// end.</summary>
    /// <exception cref="AgentException">The stream broke off, or nothing came for too long. What has come until then is good.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(silence);
        try
        {
            while (true)
            {
                // What was read before is looked at first; only when there is no whole line in it does this wait.
                var read = await reader.ReadAsync(limit.Token);
                if (read.Buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = read.Buffer.Slice(0, end).ToArray();
                    reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                    return line;
                }

                if (read.Buffer.Length > LongestLine)
                    throw new AgentException($"{where} sends a line of more than {LongestLine} bytes.");
                // A last line that did not end is none.
                if (read.IsCompleted)
                    return null;
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new AgentException($"{where} cannot be reached: it says nothing for {silence.TotalSeconds:0} s.", null, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new AgentException($"{where} broke off: {e.Message}", null, e);
        }
    }

    /// <summary>Whether a whole line, or the end, is here already.</summary>
    public bool IsReady
    {
        get
        {
            if (!reader.TryRead(out var read))
                return false;
            var ready = read.IsCompleted || read.Buffer.PositionOf((byte)'\n') is not null;
            reader.AdvanceTo(read.Buffer.Start, ready ? read.Buffer.Start : read.Buffer.End);
            return ready;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // An answer without an end is let go without being read to it.
        response.Dispose();
        await reader.CompleteAsync();
    }
}
