using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Logs;

namespace Gatehouse.Logs;

/// <summary>
/// A named reader of the cluster's log on this host, and how far it has come. What was printed is checkpointed afterwards: a
/// kill in between has the last lines printed once more, and never leaves any out.
/// </summary>
internal sealed class Subscriber : IDisposable
{
    /// <summary>Where checkpoints are kept, for root.</summary>
    public const string Directory = "/var/lib/gatehouse/subscribers";

    private readonly string path;
    private readonly FileStream hold;
    private Checkpoint saved;

    private Subscriber(string path, FileStream hold, Checkpoint checkpoint) =>
        (this.path, this.hold, Checkpoint, saved) = (path, hold, checkpoint, checkpoint);

    /// <summary>How far it has come.</summary>
    public Checkpoint Checkpoint { get; set; }

    /// <summary>The subscriber of a name, which is new when nobody was called so.</summary>
    /// <exception cref="SequenceException">Another process reads under that name, or its checkpoint cannot be read.</exception>
    public static Subscriber Open(string name, string directory = Directory)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        System.IO.Directory.CreateDirectory(directory, Private | UnixFileMode.UserExecute);
        var path = Path.Combine(directory, name);
        FileStream hold;
        try
        {
            hold = new FileStream(
                $"{path}.lock",
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = Private,
                }
            );
        }
        catch (IOException e) when (File.Exists($"{path}.lock"))
        {
            throw new SequenceException(
                ExitCodes.Refused,
                $"another process already reads as subscriber '{name}'; end it, or use another name.",
                e
            );
        }

        if (!File.Exists($"{path}.json"))
            return new Subscriber(path, hold, Checkpoint.Nothing);
        if (Core.Logs.Checkpoint.Read(File.ReadAllText($"{path}.json")) is { } checkpoint)
            return new Subscriber(path, hold, checkpoint);
        hold.Dispose();
        throw new SequenceException(
            ExitCodes.Failed,
            $"{path}.json is not a checkpoint. Delete it to start again; use '--from TIME' to skip old lines."
        );
    }

    /// <summary>Keeps how far it has come, in one step.</summary>
    public void Save()
    {
        if (saved == Checkpoint)
            return;
        using (
            var file = new FileStream(
                $"{path}.new",
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(Checkpoint.Write()));
            file.Flush(flushToDisk: true);
        }

        File.Move($"{path}.new", $"{path}.json", overwrite: true);
        saved = Checkpoint;
    }

    /// <inheritdoc/>
    public void Dispose() => hold.Dispose();
}
