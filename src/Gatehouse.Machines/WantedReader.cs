using System.Collections.Immutable;
using System.Text;
using Gatehouse.Core.Settings;

namespace Gatehouse.Machines;

/// <summary>Reads what an answer file names outside itself: files, variables, and answers on a terminal.</summary>
public static class WantedReader
{
    private const long Largest = 1 << 20;

    /// <summary>Reads each wanted thing once.</summary>
    /// <param name="wanted">What to read.</param>
    /// <param name="machine">What is worked on: a file that a tree has itself comes before the one of this host.</param>
    /// <param name="prompt">Asks on the terminal; null where there is none, and prompts stay open.</param>
    public static ImmutableDictionary<(WantedKind Kind, string Name), Found> Read(
        IEnumerable<Wanted> wanted,
        LocalMachine machine,
        Func<string, string?>? prompt
    )
    {
        var found = ImmutableDictionary.CreateBuilder<(WantedKind, string), Found>();
        foreach (var want in wanted)
        {
            if (found.ContainsKey((want.Kind, want.Name)))
                continue;
            var thing = want.Kind switch
            {
                WantedKind.File => ReadFile(want.Name, machine),
                WantedKind.Sealed => ReadSealed(want.Name, machine),
                WantedKind.Variable => Environment.GetEnvironmentVariable(want.Name) is { } value
                    ? Of(value)
                    : new Found(null, true, "is not set in the environment"),
                _ => prompt?.Invoke(want.Question) is { } typed ? Of(typed) : null,
            };
            if (thing is not null)
                found.Add((want.Kind, want.Name), thing);
        }

        return found.ToImmutable();
    }

    /// <summary>Whether nobody but owner and root can read a file.</summary>
    public static bool IsOwnerOnly(string path) =>
        (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite))
        == 0;

    private static Found Of(string text) => new([.. Encoding.UTF8.GetBytes(text)]);

    // Never the host's own when a tree is worked on: a member's secrets are its own.
    private static Found ReadSealed(string name, LocalMachine machine)
    {
        var path = machine.Real(SealedName.FileOf(name));
        return File.Exists(path)
            ? ReadFile(path, new LocalMachine(durable: false))
            : new Found(null, true, "does not exist", Missing: true);
    }

    private static Found ReadFile(string path, LocalMachine machine)
    {
        try
        {
            if (!Path.IsPathRooted(path))
                return new Found(null, true, "is not an absolute path");
            if (File.Exists(machine.Real(path)))
                path = machine.Real(path);
            if (Directory.Exists(path))
                return new Found(null, true, "is a directory", Missing: true);
            if (!File.Exists(path))
                return new Found(null, true, "does not exist", Missing: true);
            // A pipe or a terminal would keep whoever reads it waiting, and a device has no end.
            if (LibC.Stat(new FileInfo(path).ResolveLinkTarget(true)?.FullName ?? path) is not { } stat || (stat.Mode & 0xF000) != 0x8000)
                return new Found(null, true, "is not a regular file");
            if (new FileInfo(path).Length > Largest)
                return new Found(null, true, "is larger than 1 MB");
            return new Found([.. File.ReadAllBytes(path)], IsOwnerOnly(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Found(null, true, "cannot be read");
        }
    }
}
