using System.Collections.Immutable;
using System.Text;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>A message and its files.</summary>
/// <param name="Message">What is known of it.</param>
/// <param name="Parts">Its files without extension: one, or several when it has very many recipients.</param>
internal sealed record StoredMessage(QuarantinedMessage Message, ImmutableArray<string> Parts);

/// <summary>The messages that lie on this host, under DAY/NODE/: NAME.msg is the message, NAME.env what is known of it. One is there when
/// both are.</summary>
/// <param name="directory">The real path of the quarantine.</param>
internal sealed class QuarantineStore(string directory)
{
    private const int LongestDescription = 8 << 20;

    /// <summary>So many descriptions are read together, by all processors.</summary>
    private const int AtOnce = 256;

    /// <summary>The first characters of a message id count seconds.</summary>
    private const int IdTime = 6;

    /// <summary>Messages, newest first.</summary>
    /// <param name="filter">Which are meant.</param>
    /// <param name="most">The most.</param>
    /// <returns>The messages, and whether there are more.</returns>
    public (ImmutableArray<QuarantinedMessage> Messages, bool More) List(QuarantineFilter filter, int most)
    {
        var found = new List<QuarantinedMessage>();
        foreach (var day in Days().OrderDescending(StringComparer.Ordinal))
        {
            // A day's folder holds what was filed on that day (UTC), so the days before need not be read once there are enough.
            if (
                found.Count > most
                || (
                    filter.Since is { } since
                    && string.CompareOrdinal(day, since.UtcDateTime.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture))
                        < 0
                )
            )
                break;
            // The id of a message begins with the time of its arrival, so the newest are found by name alone, and only they are read.
            var files = Nodes(day).SelectMany(n => Named(day, n)).OrderByDescending(f => f.Message[..IdTime], StringComparer.Ordinal);
            foreach (var some in files.Chunk(AtOnce))
            {
                if (found.Count > most)
                    break;
                found.AddRange(
                    some.AsParallel().AsOrdered().Select(Stored).OfType<StoredMessage>().Select(s => s.Message).Where(filter.Matches)
                );
            }
        }

        var sorted = found.OrderByDescending(m => m.Received).ThenBy(m => m.Message, StringComparer.Ordinal).ToArray();
        return ([.. sorted.Take(most)], sorted.Length > most);
    }

    /// <summary>A message by its name; null when it does not lie here, or not all of it.</summary>
    public StoredMessage? Find(QuarantineId id) =>
        Days()
            .OrderDescending(StringComparer.Ordinal)
            .SelectMany(d => Named(d, id.Node, id.Message))
            .Select(Stored)
            .OfType<StoredMessage>()
            .FirstOrDefault();

    /// <summary>The message itself.</summary>
    /// <exception cref="MachineException">It cannot be read, or is not what the mail service has filed.</exception>
    public FileStream Open(StoredMessage message) =>
        GuardedFile.Open($"{message.Parts[0]}.msg", directory)
        ?? throw new MachineException($"{message.Parts[0]}.msg cannot be read, or does not belong to the owner of {directory}.");

    /// <summary>Takes a message away; the description goes last, so that what was cut off is found again.</summary>
    public static void Delete(StoredMessage message)
    {
        try
        {
            foreach (var part in message.Parts)
            {
                File.Delete($"{part}.msg");
                File.Delete($"{part}.env");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{message.Message.Id} cannot be deleted: {e.Message}", e);
        }
    }

    private IEnumerable<string> Days() => Names(directory).Where(n => n.Length == 8 && n.All(char.IsAsciiDigit));

    private IEnumerable<int> Nodes(string day) =>
        Names(Path.Combine(directory, day))
            .Where(n => n.Length is > 0 and < 7 && n.All(char.IsAsciiDigit) && n[0] != '0')
            .Select(n => int.Parse(n, System.Globalization.CultureInfo.InvariantCulture));

    // Names alone; a description is read when it is wanted.
    private IEnumerable<(int Node, string Message, ImmutableArray<string> Parts)> Named(string day, int node, string? message = null)
    {
        var folder = Path.Combine(directory, day, node.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var files = Names(folder).ToHashSet(StringComparer.Ordinal);
        var described =
            from file in files
            where file.EndsWith(".env", StringComparison.Ordinal)
            let name = file[..^4]
            let id = QuarantineId.MessageOf(name)
            where id is not null && (message is null || id == message)
            group name by id;
        // Of what is on its way here, the one file may be there before the other.
        return described
            .Where(g => g.All(n => files.Contains($"{n}.msg")))
            .Select(g => (node, g.Key!, g.Order(StringComparer.Ordinal).Select(n => Path.Combine(folder, n)).ToImmutableArray()));
    }

    private StoredMessage? Stored((int Node, string Message, ImmutableArray<string> Parts) file)
    {
        var read = file.Parts.Select(p => Describe(new QuarantineId(file.Node, file.Message), $"{p}.env")).ToArray();
        return read.All(r => r is not null) ? new StoredMessage(read.Aggregate((a, b) => a!.With(b!))!, file.Parts) : null;
    }

    private QuarantinedMessage? Describe(QuarantineId id, string path)
    {
        try
        {
            using var file = GuardedFile.Open(path, directory);
            if (file is null || file.Length > LongestDescription)
                return null;
            using var reader = new StreamReader(file, Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
            return QuarantinedMessage.Read(id, reader.ReadToEnd());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Names(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? [.. Directory.EnumerateFileSystemEntries(path).Select(p => Path.GetFileName(p)).Where(n => n[0] != '.')]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
