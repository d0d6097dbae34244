using System.Collections.Immutable;
using Gatehouse.Cluster.Pushing;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>Which host keys are believed when a host is reached by SSH.</summary>
public sealed class HostKeyTests
{
    private const string Blob = "AAAAC3NzaC1lZDI1NTE5AAAAIDBnAwqfr6z+IsFydnC8yhZ4IpiV7OGVuks7lqoJUZsy";
    private const string Fingerprint = "SHA256:1RfTG2jej0e2L+dunH7sTKwME7MstJ9xLAAP4V1eUcQ";
    private static readonly SshHostKey Key = new("ssh-ed25519", Blob);
    private static readonly SshHostKey Other = new("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAI" + new string('A', 43));

    [Fact]
    public void A_key_has_the_fingerprint_that_OpenSSH_shows()
    {
        Assert.Equal(Fingerprint, Key.Fingerprint);
        Assert.Equal("ED25519", Key.TypeName);
        Assert.Equal($"[192.0.2.1]:2222 ssh-ed25519 {Blob}\n", Key.Line("[192.0.2.1]:2222"));
    }

    [Fact]
    public void Keys_are_read_as_ssh_keyscan_and_known_hosts_write_them()
    {
        var keys = SshHostKey.Read(
            $"""
            # 192.0.2.1:22 SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6
            192.0.2.1 {Other.Type} {Other.Blob}
            # Host 192.0.2.1 found: line 3
            |1|salt=|hash= ssh-ed25519 {Blob} root@example
            192.0.2.1 ssh-ed25519 {Blob}
            @revoked * ssh-ed25519 {Blob}
            192.0.2.1 ssh-rsa {Blob}
            192.0.2.1 ssh-ed25519 !!!!
            192.0.2.1 ssh-ed25519
            """
        );
        Assert.Equal([Other, Key], keys.ToArray());
    }

    [Theory]
    [InlineData(Fingerprint)]
    [InlineData($"  {Fingerprint}=")]
    [InlineData($"256 {Fingerprint} root@mx2 (ED25519)")]
    public void A_fingerprint_is_read_as_it_is_given(string text) => Assert.Equal(Fingerprint, SshHostKey.ReadFingerprint(text));

    [Theory]
    [InlineData("")]
    [InlineData("SHA256:")]
    [InlineData("SHA256:short")]
    [InlineData("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48")]
    public void What_is_no_fingerprint_is_not_taken(string text) => Assert.Null(SshHostKey.ReadFingerprint(text));

    [Fact]
    public void A_key_is_believed_when_it_is_known_or_vouched_for()
    {
        Assert.Equal(HostKeyState.Known, Judge([Key], [], []).State);
        Assert.Equal(HostKeyState.Known, Judge([Key, Other], [], [Fingerprint]).State);
        Assert.Equal(HostKeyState.Vouched, Judge([], [Other, Key], [Fingerprint]).State);
        Assert.Equal(Key, Assert.Single(Judge([], [Other, Key], [Fingerprint]).Keys));
    }

    [Fact]
    public void An_unknown_key_is_to_be_looked_at() => Assert.Equal(HostKeyState.Unknown, Judge([], [Key], []).State);

    [Fact]
    public void Another_key_than_the_known_or_given_one_is_refused()
    {
        Assert.Equal(HostKeyState.Refused, Judge([Key], [], [Other.Fingerprint]).State);
        var swapped = Judge([], [Other], [Fingerprint]);
        Assert.Equal(HostKeyState.Refused, swapped.State);
        Assert.Contains(Other.Fingerprint, swapped.Problem, StringComparison.Ordinal);
        Assert.Equal(HostKeyState.Refused, Judge([], [], [Fingerprint]).State);
    }

    [Theory]
    [InlineData(
        "@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key for 192.0.2.1 has changed and you have requested "
            + "strict checking.\nHost key verification failed.",
        SshFailure.ChangedKey
    )]
    [InlineData(
        "No ED25519 host key is known for 192.0.2.1 and you have requested strict checking.\nHost key verification failed.",
        SshFailure.UnknownKey
    )]
    [InlineData("root@192.0.2.1: Permission denied (publickey,password).", SshFailure.Denied)]
    [InlineData("ssh: connect to host 192.0.2.1 port 22: Connection refused", SshFailure.Unreachable)]
    [InlineData("", SshFailure.Unreachable)]
    public void What_ssh_says_is_understood(string error, SshFailure failure)
    {
        Assert.Equal(failure, SshException.Classify(error));
        Assert.StartsWith(
            failure == SshFailure.UnknownKey ? "the host key of" : "root@192.0.2.1 ",
            SshException.Of("root@192.0.2.1", error).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_line_with_the_old_key_is_named() =>
        Assert.EndsWith(
            "remove the old key, line 3 of /a/known_hosts.",
            SshException
                .Of(
                    "mx2",
                    "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nAdd correct host key in /a/known_hosts to get rid of this "
                        + "message.\nOffending ED25519 key in /a/known_hosts:3\r\nHost key verification failed."
                )
                .Message,
            StringComparison.Ordinal
        );

    private static HostKeyVerdict Judge(ImmutableArray<SshHostKey> known, ImmutableArray<SshHostKey> shown, ImmutableArray<string> given) =>
        HostKeyVerdict.Of("mx2", known, shown, given);
}
