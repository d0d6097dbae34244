namespace Gatehouse.Machines;

/// <summary>Files that somebody names on the command line. Whatever the name leads to, reading ends.</summary>
public static class NamedFile
{
    private const int TypeOfFile = 0xF000;
    private const int Pipe = 0x1000;

    /// <summary>Reads a file, a pipe of the shell (<c>/dev/stdin</c>, <c>/dev/fd/63</c>) or a device, and no more of it than
    /// asked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">How many bytes are of use. One more comes back of what is larger, so that this shows.</param>
    /// <exception cref="IOException">It cannot be read: a directory, a named pipe to which nobody may ever write, or not there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] Read(string path, int most)
    {
        if (path.Length == 0)
            throw new FileNotFoundException("the file does not exist");
        if (Directory.Exists(path))
            throw new IOException("it is a directory");
        if (IsNamedPipe(path))
            throw new IOException("it is a named pipe; write its output to a file first");
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        var buffer = new MemoryStream();
        var part = new byte[1 << 16];
        while (buffer.Length <= most && stream.Read(part, 0, (int)Math.Min(part.Length, most + 1L - buffer.Length)) is > 0 and var count)
            buffer.Write(part, 0, count);
        return buffer.ToArray();
    }

    // The shell's own pipes are links that lead to no name, and have somebody at their other end.
    private static bool IsNamedPipe(string path)
    {
        try
        {
            return LibC.Stat(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path) is { } stat
                && (stat.Mode & TypeOfFile) == Pipe;
        }
        catch (MachineException e)
        {
            throw new UnauthorizedAccessException(e.Message, e);
        }
    }
}
