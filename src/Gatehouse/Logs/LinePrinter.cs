using System.Runtime.InteropServices;
using System.Text;
using Gatehouse.Core.Logs;

namespace Gatehouse.Logs;

/// <summary>
/// Prints lines and knows which of them have been handed over: Console would hide that nobody reads any more, and a checkpoint
/// would pass over lines that nobody has seen; a FileStream would leave other writers of the same file where they were.
/// </summary>
/// <param name="isJson">Whether each line is a JSON object.</param>
internal sealed partial class LinePrinter(bool isJson) : IDisposable
{
    private const int Much = 256 << 10;
    private const int Interrupted = 4;
    private const int NotNow = 11;
    private const int NobodyReads = 32;
    private readonly MemoryStream waiting = new();

    /// <summary>Whether so much waits that it should be handed over.</summary>
    public bool IsFull => waiting.Length > Much;

    /// <summary>Adds a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="sharesOnly">Whether it only shares a Message-ID with what was looked for, which its sender chooses.</param>
    public void Add(NodeLine line, bool sharesOnly = false) =>
        waiting.Write(
            Encoding.UTF8.GetBytes(
                (
                    isJson
                        ? CollectedLine.Write(line.Node.Name, line.Line, sharesOnly)
                        : (sharesOnly ? "~ " : "") + CollectedLine.Show(line.Node.Name, line.Line)
                ) + "\n"
            )
        );

    /// <summary>Adds a line of text.</summary>
    public void Add(string text) => waiting.Write(Encoding.UTF8.GetBytes(text + "\n"));

    /// <summary>Hands over what was added.</summary>
    /// <exception cref="EndOfStreamException">Nobody reads any more.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Flush()
    {
        for (var rest = waiting.GetBuffer().AsSpan(0, (int)waiting.Length); !rest.IsEmpty; )
        {
            var written = Write(1, rest, (nuint)rest.Length);
            var error = written < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error == NobodyReads)
                throw new EndOfStreamException("the reader has closed the output");
            if (error is not (0 or Interrupted or NotNow))
                throw new IOException($"lines cannot be printed: {Marshal.GetPInvokeErrorMessage(error)}");
            // A terminal that another program has set so; it takes more in a moment.
            if (error == NotNow)
                Thread.Sleep(10);
            rest = rest[(int)Math.Max(written, 0)..];
        }

        waiting.SetLength(0);
    }

    /// <inheritdoc/>
    public void Dispose() => waiting.Dispose();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int file, ReadOnlySpan<byte> bytes, nuint count);
}
