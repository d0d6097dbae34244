using Gatehouse.Agent;
using Gatehouse.Cluster.Issuing;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class RotationTests
{
    private static readonly Authority Issuing = new("i1", AuthorityKind.Issuing, AuthorityState.Current, "", null);

    [Fact]
    public void One_root_is_no_rotation_and_neither_is_one_beside_retired_ones()
    {
        Assert.Equal(RotationStage.None, Rotation.Of([Root("r1", AuthorityState.Current), Issuing]).Stage);
        Assert.Equal(
            RotationStage.None,
            Rotation.Of([Root("r1", AuthorityState.Retired), Issuing, Root("r2", AuthorityState.Current)]).Stage
        );
    }

    [Fact]
    public void The_age_of_the_second_root_tells_whether_it_comes_or_goes()
    {
        var comes = Rotation.Of([Root("r1", AuthorityState.Current), Issuing, Root("r2", AuthorityState.Next)]);
        Assert.Equal((RotationStage.Introduced, "r1", "r2"), (comes.Stage, comes.Current.Fingerprint, comes.Other?.Fingerprint));
        var goes = Rotation.Of([
            Root("r1", AuthorityState.Next),
            Issuing with
            {
                State = AuthorityState.Retired,
            },
            Root("r2", AuthorityState.Current),
            Issuing with
            {
                Fingerprint = "i2",
            },
        ]);
        Assert.Equal(
            (RotationStage.Switched, "r2", "r1", "i2"),
            (goes.Stage, goes.Current.Fingerprint, goes.Other?.Fingerprint, goes.Issuing.Fingerprint)
        );
    }

    [Fact]
    public void A_code_names_the_root_that_has_signed_the_issuing_CA_in_use_and_not_the_newest()
    {
        SampleCluster old = new(),
            next = new();
        Authority Of(CertificateAuthority ca, AuthorityKind kind, AuthorityState state) =>
            new(Issuer.FingerprintOf(ca.Certificate), kind, state, ca.Certificate.ExportCertificatePem(), null);
        var comes = Rotation.Signer([
            Of(old.Root, AuthorityKind.Root, AuthorityState.Current),
            Of(old.Issuing, AuthorityKind.Issuing, AuthorityState.Current),
            Of(next.Root, AuthorityKind.Root, AuthorityState.Next),
        ]);
        Assert.Equal(Issuer.FingerprintOf(old.Root.Certificate), comes.Fingerprint);
        // The new issuing CA is filed a moment before its root is the current one.
        var between = Rotation.Signer([
            Of(old.Root, AuthorityKind.Root, AuthorityState.Current),
            Of(old.Issuing, AuthorityKind.Issuing, AuthorityState.Retired),
            Of(next.Root, AuthorityKind.Root, AuthorityState.Next),
            Of(next.Issuing, AuthorityKind.Issuing, AuthorityState.Current),
        ]);
        Assert.Equal(Issuer.FingerprintOf(next.Root.Certificate), between.Fingerprint);
    }

    private static Authority Root(string fingerprint, AuthorityState state) => new(fingerprint, AuthorityKind.Root, state, "", "sealed");
}
