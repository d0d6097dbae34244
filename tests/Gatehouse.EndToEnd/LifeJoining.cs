using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using static Gatehouse.EndToEnd.LifeHosts;

namespace Gatehouse.EndToEnd;

/// <summary>One host starts the cluster; the others join it in every way there is, at the same time, after what must be refused.</summary>
public sealed partial class LifeJoining
{
    public LifeJoining()
    {
        Bootstrap = Run(First, "bootstrap", "/root/answers.yaml", "--name", "life", "--keys-file", "/root/keys").Expect(0);
        // One of them throws what went wrong in any of them.
        Parallel.Invoke(ByCode, Push, Carry);
        AfterChangedKey = ChangeKey();
        Shape = Agree("after all have joined", All);
    }

    public Result Bootstrap { get; }

    public Result TypedCode { get; private set; } = null!;

    /// <summary>A push to hosts whose keys nobody vouches for.</summary>
    public Result UnknownKey { get; private set; } = null!;

    /// <summary>A push to a host that shows another key than the one that was given.</summary>
    public Result OtherKey { get; private set; } = null!;

    /// <summary>Whether something was on the hosts of the push after it was refused.</summary>
    public bool IsTouchedByRefusal { get; private set; }

    /// <summary>The exit code of the push that was killed.</summary>
    public int KilledPush { get; private set; }

    /// <summary>The same push, run again.</summary>
    public Result PushAgain { get; private set; } = null!;

    /// <summary>A push to a host whose key has changed since.</summary>
    public Result AfterChangedKey { get; }

    /// <summary>A join from a file that had its CA swapped, and its checksum made to fit.</summary>
    public Result SwappedBundle { get; private set; } = null!;

    /// <summary>Whether the swapped file changed anything.</summary>
    public bool IsTouchedBySwapped { get; private set; }

    public Result Carried { get; private set; } = null!;

    /// <summary>What all members agree on in the end.</summary>
    public string Shape { get; }

    private void ByCode() => TypedCode = Join(Second, First, Invite(First, Second, "database")).Expect(0);

    private void Push()
    {
        string[] targets = [$"root@{Address(Third)}", $"root@{Address(Fourth)}"];
        string[] add = ["add", .. targets, "--profile", "web", "--package", "/root/gatehouse.deb"];
        UnknownKey = Run(First, add);
        OtherKey = Run(First, ["add", targets[0], "--profile", "web", "--host-key", HostKey(Fourth)]);
        IsTouchedByRefusal = new[] { Third, Fourth }.Any(h =>
            Lab.Shell(h, "ls -d /var/tmp/gatehouse* /usr/bin/gatehouse /etc/gatehouse /run/gatehouse*").Output.Length > 0
        );

        string[] known = [.. add, "--host-key", HostKey(Third), "--host-key", HostKey(Fourth)];
        KilledPush = Lab.Shell(
            First,
            $"""
            gatehouse {string.Join(' ', known)} </dev/null >/root/add.log 2>&1 & p=$!
            i=0
            while [ $i -lt 9000 ] && kill -0 $p 2>/dev/null && ! grep -q 'Getting the certificate' /root/add.log; do
              sleep 0.02; i=$((i+1))
            done
            kill -9 $p; wait $p
            """
        ).ExitCode;
        // The kill may have caught a host after it was let in and before it heard of that; it is all the same to who never heard.
        Lab.Until("nobody joins any more", Soon, () => Lab.Shell(Fourth, "pgrep -f '[g]atehouse join'").ExitCode != 0);
        Lab.Shell(Fourth, "rm -f /var/lib/gatehouse/cluster/pki/grant.json");
        PushAgain = Lab.UntilDone("the push comes to its end when it is run again", Soon, () => Run(First, known));
    }

    private void Carry()
    {
        Run(First, "invite", Name(Fifth), "--profile", "web", "--bundle", "/root/bundle").Expect(0);
        var bundle = Lab.Exec(First, "cat", "/root/bundle").Expect(0).Output;
        Lab.Write(Fifth, "/root/swapped", Swap(bundle), "0600");
        Lab.Write(Fifth, "/root/bundle", bundle, "0600");
        var before = Fingerprint(Fifth);
        SwappedBundle = Run(Fifth, "join", "--bundle", "/root/swapped");
        IsTouchedBySwapped = Fingerprint(Fifth) != before;
        Carried = Run(Fifth, "join", "--bundle", "/root/bundle", "--address", Address(Fifth)).Expect(0);
    }

    private static Result ChangeKey()
    {
        Lab.Shell(Fourth, "rm /etc/ssh/ssh_host_* && ssh-keygen -qA && systemctl restart ssh").Expect(0);
        return Run(First, "add", $"root@{Address(Fourth)}", "--profile", "web");
    }

    private static string HostKey(string host) =>
        Lab.Exec(host, "ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub").Expect(0).Output.Split(' ')[1];

    // As somebody would who can change the file on its way, and knows how it is made.
    private static string Swap(string bundle)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=life root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddYears(20));
        var text = Certificate().Replace(bundle, authority.ExportCertificatePem());
        text = text[..text.LastIndexOf("sha256: ", StringComparison.Ordinal)];
        return $"{text}sha256: {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}\n";
    }

    [GeneratedRegex("-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----", RegexOptions.Singleline)]
    private static partial Regex Certificate();
}
