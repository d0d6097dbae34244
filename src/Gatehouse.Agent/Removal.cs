using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Registry;

namespace Gatehouse.Agent;

/// <summary>Removes a node: the registry first, then the revocation list, then everybody is told. It runs on the issuer; cut off, it is run
/// again.</summary>
public static class Removal
{
    private const int Tries = 20;

    /// <summary>Removes a node.</summary>
    /// <param name="registry">The registry, as the issuer has it.</param>
    /// <param name="issuer">The issuing CA.</param>
    /// <param name="own">Who tells the others.</param>
    /// <param name="request">Whom, and why.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="RegistryException">There is no such node, or it may not be removed.</exception>
    public static async Task<RemoveAnswer> RunAsync(
        ClusterRegistry registry,
        Issuer issuer,
        Credentials own,
        RemoveRequest request,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        var view = await registry.ViewAsync(ct);
        if (view.Node(request.Number) is not { } node || node.Name != request.Name)
            throw new RegistryException(
                RegistryFailure.NotFound,
                $"there is no node {request.Number} named {request.Name} in the cluster {view.Cluster.Name}; 'gatehouse node list' shows "
                    + $"all"
            );
        var removed = await registry.RemoveNodeAsync(view.Cluster.Epoch, node.Number, request.Why, ct);
        await PublishAsync(registry, issuer, view.Cluster.Epoch, ct);
        // The removed one too: it should learn of it from us, and not by wondering.
        await Nudges.SendAsync(view.Members, own, clock, ct);
        var now = clock.GetUtcNow();
        var unlisted = (await registry.CertificatesAsync(ct)).Count(c =>
            c.Node == node.Number && c.Issued.NotAfter > now && !issuer.HasSigned(c.Issued)
        );
        return new RemoveAnswer(removed, unlisted);
    }

    /// <summary>Makes the issuing CA's next revocation list and files it.</summary>
    /// <param name="registry">The registry, as the issuer has it.</param>
    /// <param name="issuer">The issuing CA.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task PublishAsync(ClusterRegistry registry, Issuer issuer, long epoch, CancellationToken ct)
    {
        var authority = Issuer.FingerprintOf(issuer.Certificate);
        for (var left = Tries; ; left--)
        {
            // What is revoked is read after the number: if somebody files a list meanwhile, ours is refused and made again.
            var last = (await registry.RevocationListsAsync(ct)).FirstOrDefault(l => l.Authority == authority)?.Number ?? 0;
            var list = issuer.Revoke(last + 1, await registry.CertificatesAsync(ct));
            try
            {
                await registry.PutRevocationListAsync(epoch, list, ct);
                return;
            }
            catch (RegistryException e) when (e.Failure == RegistryFailure.Conflict && left > 1)
            {
                // Another removal was faster.
            }
        }
    }
}
