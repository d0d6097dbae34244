using Gatehouse.Machines;

namespace Gatehouse.Cluster.Membership;

/// <summary>Held while settings that were edited on this node are tried. The kernel frees it when its holder ends, however it
/// ends.</summary>
internal sealed class ProposalLock : IDisposable
{
    private readonly FileStream file;

    private ProposalLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock; null when another run holds it.</summary>
    public static ProposalLock? TryTake(LocalMachine machine)
    {
        var path = machine.Real("/var/lib/gatehouse/cluster/proposal.lock");
        try
        {
            return new ProposalLock(
                new FileStream(
                    path,
                    new FileStreamOptions
                    {
                        Mode = FileMode.OpenOrCreate,
                        Access = FileAccess.ReadWrite,
                        Share = FileShare.None,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                )
            );
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
