using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Cluster.Issuing;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Joining;

/// <summary>A join code that was made and filed.</summary>
/// <param name="Code">The code.</param>
/// <param name="Name">The node name that it is for.</param>
/// <param name="Profile">The profile that it is for.</param>
/// <param name="Expires">Until when it is good.</param>
internal sealed record Invitation(JoinCode Code, string Name, string Profile, DateTimeOffset Expires)
{
    /// <summary>The number that the registry files it by.</summary>
    public int Number =>
        JoinCode.TryNumber(Code.Id, out var number) ? number : throw new InvalidOperationException("a code that was made has a number");

    /// <summary>The profile of that name, if nodes can join with it.</summary>
    /// <exception cref="SequenceException">There is none, or it is not for clusters.</exception>
    public static string JoinableProfile(string profile)
    {
        var profiles = Core.Screens.Profile.Names.Where(p => Core.Screens.Profile.Find(p)!.Clustered).ToArray();
        return profiles.Contains(profile)
            ? profile
            : throw new SequenceException(
                ExitCodes.BadInput,
                $"'{profile}' is no profile that a node can join with; there are {string.Join(", ", profiles)}."
            );
    }

    /// <summary>Refuses on a member that may not make join codes, before anything is made or sent.</summary>
    /// <exception cref="SequenceException">This member may not; the message says which may.</exception>
    public static void RequireMaker(ClusterView view, int number)
    {
        if (KeeperRules.CodeRefusal(view, number) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
    }

    /// <summary>Makes a code and files it.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="name">The node name that it is for.</param>
    /// <param name="profile">The profile that it is for.</param>
    /// <param name="expires">Until when it is good.</param>
    /// <param name="replace">Whether a good code for the name is withdrawn.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="making">Is told of it just before it is filed.</param>
    public static async Task<Invitation> MakeAsync(
        ClusterRegistry registry,
        ClusterView view,
        string name,
        string profile,
        DateTimeOffset expires,
        bool replace,
        CancellationToken ct,
        Action<Invitation>? making = null
    )
    {
        using var root = X509Certificate2.CreateFromPem(Rotation.Signer(await registry.AuthoritiesAsync(ct)).Pem);
        var made = new Invitation(
            JoinCode.Make(RandomNumberGenerator.GetBytes(JoinCode.RandomBytes), Pin.Of(root)),
            name,
            profile,
            expires
        );
        var verifier = CodeVerifier.Of(made.Code, RandomNumberGenerator.GetBytes(CodeVerifier.SaltBytes)).ToString();
        making?.Invoke(made);
        await registry.InviteAsync(new NewCode(made.Number, name, profile, Encoding.ASCII.GetBytes(verifier), expires), replace, ct);
        return made;
    }

    /// <summary>The same with all that a host needs to use it. The issuer comes first: joining ends there.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="release">This release.</param>
    public JoinBundle Bundle(ClusterView view, string release) =>
        new()
        {
            Release = release,
            Cluster = view.Cluster.Name,
            Name = Name,
            Profile = Profile,
            Expires = Expires,
            Members =
            [
                .. view
                    .Members.Where(n => n.State == NodeState.Active)
                    .OrderBy(n => n.Number == view.Cluster.Issuer ? 0 : 1)
                    .ThenBy(n => n.Number)
                    .Select(n => new HostPort(n.Address.ToString(), n.Port)),
            ],
            Code = Code,
            Root = TrustStore.Read(string.Concat(view.Roots), "").Roots.First(Code.Pin.Matches).ExportCertificatePem() + "\n",
        };
}
