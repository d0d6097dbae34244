using System.Diagnostics;
using Gatehouse.Core.Logs;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>
/// Streams the node's own log lines, as journalctl(1) gives them. The reader keeps the cursor, so nothing is remembered here, and a kill
/// of either side loses nothing.
/// </summary>
/// <param name="admit">Refuses a caller that is no member.</param>
/// <param name="collected">The directory of lines collected of other nodes.</param>
/// <param name="stopping">The agent stops: readers that would stay for ever are let go at once, and come back.</param>
internal sealed class LogsHandler(Action<HttpContext> admit, string collected, CancellationToken stopping) : IHandler, IDisposable
{
    private const int MostReaders = 48;

    /// <summary>How often an empty line says that this side is alive while there is nothing to tell.</summary>
    internal static readonly TimeSpan Sign = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim places = new(MostReaders);

    /// <inheritdoc/>
    public string Method => "GET";

    /// <inheritdoc/>
    public string Path => "/v1/logs";

    /// <summary>Answers with lines: one JSON object each, empty ones now and then, until there are no more or nobody listens.</summary>
    /// <exception cref="RefusedException">It is asked for something else, or by too many.</exception>
    public async Task AnswerAsync(HttpContext context)
    {
        admit(context);
        var parts = context.Request.Query.SelectMany(part => part.Value.Select(value => KeyValuePair.Create(part.Key, value ?? "")));
        if (!LogQuery.TryRead(parts, out var query, out var problem))
            throw new RefusedException(StatusCodes.Status400BadRequest, "no-query", problem);
        if (!await places.WaitAsync(0, context.RequestAborted))
            throw new RefusedException(
                StatusCodes.Status503ServiceUnavailable,
                "busy",
                $"{MostReaders} readers of the log are here already; try again later."
            );
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, context.RequestAborted);
            if (query.CollectedOf is { } node)
                await CollectedAsync(context, node, query, end.Token);
            else
                await JournalAsync(context, query, end.Token);
        }
        catch (OperationCanceledException)
        {
            // A chunk that does not come is how the reader knows that this was not the end.
            context.Abort();
        }
        finally
        {
            places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => places.Dispose();

    private static async Task JournalAsync(HttpContext context, LogQuery query, CancellationToken ct)
    {
        var start = new ProcessStartInfo("/usr/bin/journalctl", query.JournalArguments())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var journal = Process.Start(start) ?? throw new IOException("journalctl cannot be started");
        try
        {
            journal.StandardInput.Close();
            var complaint = journal.StandardError.ReadToEndAsync(ct);
            await PumpAsync(journal.StandardOutput.BaseStream, context.Response, ct);
            await journal.WaitForExitAsync(ct);
            // With an expression that nothing matches it exits 1 and says nothing.
            if (journal.ExitCode != 0 && (journal.ExitCode != 1 || (await complaint).Trim().Length > 0))
                throw new IOException($"journalctl failed with code {journal.ExitCode}: {(await complaint).Trim()}");
        }
        finally
        {
            if (!journal.HasExited)
                journal.Kill();
        }
    }

    private static async Task PumpAsync(Stream lines, HttpResponse response, CancellationToken ct)
    {
        response.ContentType = "application/x-ndjson";
        await response.StartAsync(ct);
        var buffer = new byte[64 << 10];
        var isWhole = true;
        var read = lines.ReadAsync(buffer, ct).AsTask();
        while (true)
        {
            if (await Task.WhenAny(read, Task.Delay(Sign, ct)) != read)
            {
                ct.ThrowIfCancellationRequested();
                if (isWhole)
                    await response.Body.WriteAsync("\n"u8.ToArray(), ct);
            }
            else if (await read is > 0 and var count)
            {
                await response.Body.WriteAsync(buffer.AsMemory(0, count), ct);
                isWhole = buffer[count - 1] == '\n';
                read = lines.ReadAsync(buffer, ct).AsTask();
            }
            else
            {
                return;
            }

            await response.Body.FlushAsync(ct);
        }
    }

    // Only what an operator asks for of a node that does not answer: lines of a message, or since a time.
    private async Task CollectedAsync(HttpContext context, string node, LogQuery query, CancellationToken ct)
    {
        var directory = System.IO.Path.Combine(collected, node);
        if (query.Follow || query.Cursor is not null)
            throw new RefusedException(StatusCodes.Status400BadRequest, "no-query", "collected lines are not followed here.");
        if (!Directory.Exists(directory))
            throw new RefusedException(StatusCodes.Status404NotFound, "none-collected", $"nothing of {node} is collected here.");
        context.Response.ContentType = "application/x-ndjson";
        await context.Response.StartAsync(ct);
        var said = Stopwatch.GetTimestamp();
        foreach (var file in Directory.EnumerateFiles(directory, "*.log").Order(StringComparer.Ordinal))
        {
            // A file holds the lines of one day, by its name.
            if (
                query.Since is { } from
                && string.CompareOrdinal(
                    System.IO.Path.GetFileNameWithoutExtension(file),
                    from.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)
                ) < 0
            )
                continue;
            await foreach (var line in File.ReadLinesAsync(file, ct))
            {
                if (Stopwatch.GetElapsedTime(said) > Sign)
                {
                    await context.Response.WriteAsync("\n", ct);
                    said = Stopwatch.GetTimestamp();
                }

                // In JSON some characters of an id are written otherwise, so it is read before it is compared.
                if (CollectedLine.Read(System.Text.Encoding.UTF8.GetBytes(line)) is not { } kept)
                    continue;
                if (!query.Holds(kept.Line.Text))
                    continue;
                if (query.Since is { } since && kept.Line.Time < since)
                    continue;
                await context.Response.WriteAsync(line + "\n", ct);
            }
        }
    }
}
