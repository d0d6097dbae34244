namespace Gatehouse.Machines;

/// <summary>Files that nobody but their owner may read, from their first byte on.</summary>
internal static class PrivateFile
{
    /// <summary>Writes a file in one step: a reader sees the old content or the new one, and so does the host after a power loss.</summary>
    /// <param name="path">Where.</param>
    /// <param name="content">What.</param>
    /// <param name="isLasting">False leaves the moment of writing to the disk: a power loss may then bring the old content back, and nobody
    /// waits.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool isLasting = true)
    {
        var fresh = $"{path}.{Environment.ProcessId}.new";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            File.Delete(fresh);
            using (var file = new FileStream(fresh, options))
            {
                file.Write(content);
                file.Flush(isLasting);
            }

            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
    }
}
