using System.Runtime.InteropServices;

namespace Gatehouse.Wizard;

/// <summary>
/// Writes to a descriptor, and does nothing else to it. A FileStream would keep a position of its own: output and errors
/// that go to the same file would overwrite each other.
/// </summary>
/// <param name="descriptor">1 or 2.</param>
/// <param name="mayFail">Whether what cannot be written is dropped, because there is nobody left to be told.</param>
internal sealed partial class RawOutput(int descriptor, bool mayFail) : Stream
{
    private const int Interrupted = 4; // EINTR
    private const int BrokenPipe = 32; // EPIPE

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() { }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override unsafe void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* start = bytes)
                written = write(descriptor, start, (nuint)bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
                continue;
            // Whoever closes a pipe has read enough.
            if (mayFail || error == BrokenPipe)
                return;
            throw new IOException(Marshal.GetPInvokeErrorMessage(error));
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(int descriptor, byte* bytes, nuint count);
}
