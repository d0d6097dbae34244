using static Gatehouse.EndToEnd.LifeHosts;

namespace Gatehouse.EndToEnd;

/// <summary>
/// The duty of the issuer moves: refused to who has no right to it, and while the registry is gone; cut off by a kill and run
/// again; back, after the host that had it has died. Then the root CA is replaced.
/// </summary>
public sealed class LifeIssuing
{
    // As another cluster would show it: well spelt, and no key to anything here.
    private const string ForeignToken = "GHMT-H3B35-4JVKF-87ZHP-G8MFN-A9757-35RW3-C7JGE-NMXA2";

    private static readonly string[] Members = [First, Second, Third, Fourth];

    public LifeIssuing()
    {
        foreach (var host in new[] { First, Second, Third })
            Lab.Write(host, "/root/token", Lab.Exec(First, "cat", "/root/keys").Expect(0).Output, "0600");
        Lab.Write(Second, "/root/foreign", ForeignToken, "0600");
        var before = Fingerprint(Second);
        WrongToken = Run(Second, "promote", "--token-file", "/root/foreign", "--force");
        StillThere = Run(Second, "promote", "--token-file", "/root/token");
        NoBackend = Run(Third, "promote", "--token-file", "/root/token", "--force");

        Lab.Crash(First);
        WithoutRegistry = Run(Second, "promote", "--token-file", "/root/token");
        IsTouchedByRefusal = Fingerprint(Second) != before;
        Lab.Boot(First);
        ShapeBefore = Agree("after the first node came back", Members);

        KilledPromotion = Lab.Shell(
            Second,
            """
            gatehouse promote --token-file /root/token --force </dev/null >/root/promote.log 2>&1 & p=$!
            i=0
            while [ $i -lt 9000 ] && kill -0 $p 2>/dev/null && ! grep -q 'Writing files' /root/promote.log; do
              sleep 0.02; i=$((i+1))
            done
            kill -9 $p; wait $p
            """
        ).ExitCode;
        Promoted = Run(Second, "promote", "--token-file", "/root/token", "--force").Expect(0);
        ShapePromoted = Agree("after the promotion", Members);
        HeldByFirst = Held(First);
        Rejoined = Join(Fifth, First, Invite(First, Fifth, "web"), "--yes").Expect(0);
        ShapeRejoined = Agree("after the new issuer has let one in", All);

        Lab.Crash(Second);
        RemovalWithoutIssuer = Run(First, "node", "remove", Name(Fifth), "--yes");
        PromotedBack = Run(First, "promote", "--token-file", "/root/token").Expect(0);
        Lab.Boot(Second);
        Lab.Until("the old issuer has stepped down", Soon, () => Held(Second).Length == 0);
        ShapeBack = Agree("after the old issuer came back", All);
        RenewedByNone = AskToSign(Second);

        Rotated = Run(First, "ca", "rotate", "--token-file", "/root/token").Expect(0);
        Lab.Until(
            "every member has a certificate under the new root",
            Soon,
            () => (Finished = Run(First, "ca", "rotate", "--finish")).ExitCode == 0
        );
        ShapeRotated = Agree("after the root was replaced", All);
    }

    public Result WrongToken { get; }

    /// <summary>A promotion while the issuer answers.</summary>
    public Result StillThere { get; }

    /// <summary>A promotion of a node that cannot hold the registry.</summary>
    public Result NoBackend { get; }

    /// <summary>A promotion while the only database is down with its host.</summary>
    public Result WithoutRegistry { get; }

    /// <summary>Whether one of those changed anything.</summary>
    public bool IsTouchedByRefusal { get; }

    public string ShapeBefore { get; }

    /// <summary>The exit code of the promotion that was killed.</summary>
    public int KilledPromotion { get; }

    public Result Promoted { get; }

    public string ShapePromoted { get; }

    /// <summary>What the first node still has of an issuer's.</summary>
    public string HeldByFirst { get; }

    public Result Rejoined { get; }

    public string ShapeRejoined { get; }

    /// <summary>Removing a node while the issuer is dead.</summary>
    public Result RemovalWithoutIssuer { get; }

    public Result PromotedBack { get; }

    /// <summary>What the returned one says when it is asked for a signature.</summary>
    public string RenewedByNone { get; }

    public string ShapeBack { get; }

    public Result Rotated { get; }

    public Result Finished { get; private set; } = null!;

    public string ShapeRotated { get; }

    private static string Held(string host) =>
        Lab.Shell(host, "ls /etc/gatehouse/pki /var/lib/gatehouse/cluster/pki | grep -E 'issuer|root|encryption'").Output;

    private static string AskToSign(string issuer) =>
        Lab.Shell(
            Third,
            $"printf 'POST /v1/renew HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Type: "
                + $"application/json\\r\\nContent-Length: 14\\r\\n\\r\\n{{\"request\":\"\"}}' | timeout 10 openssl s_client -quiet -tls1_3 "
                + $"-ign_eof -connect {Address(issuer)}:1028 -cert /etc/gatehouse/pki/node.crt -cert_chain /etc/gatehouse/pki/node.crt "
                + $"-key /etc/gatehouse/pki/node.key 2>&1"
        ).Output;
}
