using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Wizard;

/// <summary>
/// Standard input and output as plain streams of text. .NET's own Console changes the terminal's modes as soon as it is
/// used on one, and leaves them changed; its streams do so, too.
/// </summary>
internal static class RawConsole
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Standard input. On a terminal .NET's own stream of it is a line editor, which echoes whatever the terminal is
    /// told.</summary>
    public static TextReader In { get; } =
        new StreamReader(
            new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0),
            Utf8,
            detectEncodingFromByteOrderMarks: false,
            bufferSize: 4096
        );

    /// <summary>Standard output, written through at once.</summary>
    public static TextWriter Out { get; } = new StreamWriter(new RawOutput(1, mayFail: false), Utf8) { AutoFlush = true };

    /// <summary>Standard error, written through at once.</summary>
    public static TextWriter Error { get; } = new StreamWriter(new RawOutput(2, mayFail: true), Utf8) { AutoFlush = true };
}
