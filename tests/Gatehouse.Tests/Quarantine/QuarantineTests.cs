using System.Text;
using Gatehouse.Cluster.Quarantine;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Quarantine;

public sealed class QuarantineTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-quarantine-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    // Made and named by Syncthing 1.19.2 itself.
    [Theory]
    [InlineData(
        "832915b95aae330307421444cefcfc6ff87983dc42d0e17560e80e9d8a2a8d43",
        "QMURLOK-2VYZQGV-B2CCRCM-57H4N7G-4HTA64I-LIOC5LC-A5AHJ3C-RKRVBQ6"
    )]
    public void A_device_is_named_as_Syncthing_names_it(string fingerprint, string id) => Assert.Equal(id, SyncDevice.Id(fingerprint));

    [Theory]
    [InlineData("3/1xUsvq-00009Z-5e", 3, "1xUsvq-00009Z-5e")]
    [InlineData("3-1xUsvq-00009Z-5e", 3, "1xUsvq-00009Z-5e")]
    [InlineData("4711/1xUsvq-000000009Zz-5e00", 4711, "1xUsvq-000000009Zz-5e00")]
    public void A_message_is_named_by_node_and_message(string text, int node, string message)
    {
        Assert.True(QuarantineId.TryParse(text, out var id));
        Assert.Equal((node, message), (id.Node, id.Message));
        Assert.Equal($"{node}/{message}", id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1xUsvq-00009Z-5e")]
    [InlineData("0/1xUsvq-00009Z-5e")]
    [InlineData("3/../etc/passwd")]
    [InlineData("3/1xUsvq-00009Z-5e/..")]
    [InlineData("3/1xUsvq-00009Z-5e\n")]
    [InlineData("9999999/1xUsvq-00009Z-5e")]
    public void Anything_else_names_no_message(string text) => Assert.False(QuarantineId.TryParse(text, out _));

    [Fact]
    public void Where_one_node_takes_all_messages_the_message_alone_names_one()
    {
        Assert.True(QuarantineId.TryParse("1xXuR4-0001U6-68", 1, out var id));
        Assert.Equal("1/1xXuR4-0001U6-68", id.ToString());
        Assert.False(QuarantineId.TryParse("1xXuR4-0001U6-68", null, out _));
        Assert.False(QuarantineId.TryParse("../passwd", 1, out _));
    }

    [Fact]
    public void Beyond_16_nodes_the_same_message_id_names_two_messages()
    {
        File(17, "1xUsvq-00009Z-00", "a@example.net");
        File(18, "1xUsvq-00009Z-00", "b@example.net");
        var store = new QuarantineStore(directory);
        Assert.Equal(["a@example.net", "b@example.net"], store.List(new QuarantineFilter(), 10).Messages.Select(m => m.Sender).Order());
        Assert.Equal("b@example.net", store.Find(new QuarantineId(18, "1xUsvq-00009Z-00"))!.Message.Sender);
    }

    [Fact]
    public void A_message_is_there_when_both_its_files_are()
    {
        File(1, "1xUsvq-00009Z-00", "a@example.net");
        System.IO.File.Delete(Path.Combine(directory, "20260701", "1", "1xUsvq-00009Z-00-00001.msg"));
        Assert.Empty(new QuarantineStore(directory).List(new QuarantineFilter(), 10).Messages);
        Assert.Null(new QuarantineStore(directory).Find(new QuarantineId(1, "1xUsvq-00009Z-00")));
    }

    [Fact]
    public void A_message_in_parts_is_one_with_the_recipients_of_all()
    {
        File(1, "1xUsvq-00009Z-00", "a@example.net", part: "00001", recipients: "x@example.org\ny@example.org");
        File(1, "1xUsvq-00009Z-00", "a@example.net", part: "00002", recipients: "y@example.org\nz@example.org");
        var found = new QuarantineStore(directory).Find(new QuarantineId(1, "1xUsvq-00009Z-00"))!;
        Assert.Equal("x@example.org y@example.org z@example.org", string.Join(' ', found.Message.Recipients));
        QuarantineStore.Delete(found);
        Assert.Empty(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_link_in_the_quarantine_is_not_read()
    {
        File(1, "1xUsvq-00009Z-00", "a@example.net");
        var message = Path.Combine(directory, "20260701", "1", "1xUsvq-00009Z-00-00001.msg");
        System.IO.File.Delete(message);
        System.IO.File.CreateSymbolicLink(message, "/etc/passwd");
        var store = new QuarantineStore(directory);
        Assert.Throws<MachineException>(() => store.Open(store.Find(new QuarantineId(1, "1xUsvq-00009Z-00"))!));
    }

    [Fact]
    public void A_list_is_filtered_newest_first_and_ends_at_its_most()
    {
        File(1, "1xUsvq-00009Z-00", "alice@example.net", received: Now.AddHours(-3));
        File(1, "1xUsvr-00009Z-00", "bob@example.net", received: Now.AddHours(-1), verdict: "spam", reason: "score 9");
        File(2, "1xUsvs-00009Z-00", "carol@example.net", received: Now.AddHours(-2), recipients: "dave@example.org");
        var store = new QuarantineStore(directory);
        Assert.Equal(["bob@example.net", "carol@example.net", "alice@example.net"], Senders(new QuarantineFilter()));
        Assert.Equal(["bob@example.net"], Senders(new QuarantineFilter(Reason: "SPAM")));
        Assert.Equal(["carol@example.net"], Senders(new QuarantineFilter(Recipient: "dave")));
        Assert.Equal(["alice@example.net"], Senders(new QuarantineFilter(Sender: "ALICE@")));
        Assert.Equal(["bob@example.net", "carol@example.net"], Senders(new QuarantineFilter(Since: Now.AddMinutes(-130))));
        var (messages, more) = store.List(new QuarantineFilter(), 2);
        Assert.True(more);
        Assert.Equal(2, messages.Length);

        string[] Senders(QuarantineFilter filter) => [.. store.List(filter, 10).Messages.Select(m => m.Sender)];
    }

    [Fact]
    public void Of_a_day_with_many_messages_only_the_newest_are_read()
    {
        // Reading a file sets this time where it is older than the file's change (mount(8), relatime).
        var unread = DateTime.UtcNow.AddDays(-30);
        foreach (var i in Enumerable.Range(0, 1000))
            File(1, $"1xU{i:D3}-00009Z-00", "a@example.net", received: Now.AddSeconds(i));
        var descriptions = Directory.GetFiles(directory, "*.env", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        foreach (var description in descriptions)
            System.IO.File.SetLastAccessTimeUtc(description, unread);
        Assert.Equal("1xU999-00009Z-00", new QuarantineStore(directory).List(new QuarantineFilter(), 10).Messages[0].Message);
        var read = descriptions.Where(d => System.IO.File.GetLastAccessTimeUtc(d) > unread.AddDays(1)).ToArray();
        Assert.InRange(read.Length, 11, 300);
        Assert.Equal(descriptions[^read.Length..], read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gatehouse-quarantine: 1\nid: 1-x\n")]
    [InlineData("gatehouse-quarantine: 1\nenvelope:\nsender@example.net\n")]
    [InlineData("gatehouse-quarantine: 2\nenvelope:\nsender@example.net\nx@example.org\n")]
    public void What_is_not_all_of_a_description_is_none(string text) =>
        Assert.Null(QuarantinedMessage.Read(new QuarantineId(1, "1xUsvq-00009Z-00"), text));

    [Fact]
    public void Damaged_numbers_of_a_description_stop_nobody()
    {
        var message = QuarantinedMessage.Read(
            new QuarantineId(1, "1xUsvq-00009Z-00"),
            "gatehouse-quarantine: 1\nscore: abc\nreceived: 99999999999999999999\nsize: -1\nenvelope:\n\nx@example.org\n"
        )!;
        Assert.Equal((0, DateTimeOffset.UnixEpoch, 0, ""), (message.Score, message.Received, message.Size, message.Sender));
    }

    [Theory]
    [InlineData("\e]0;owned\a\e[2J", "?]0;owned??[2J")]
    [InlineData("\u009b31m\u202eevil\u2066", "?31m?evil?")]
    [InlineData("a\tb\u2028c", "a b?c")]
    [InlineData("Grüße 😀", "Grüße 😀")]
    public void A_strangers_text_steers_no_terminal(string text, string shown) => Assert.Equal(shown, StrangerText.Of(text));

    [Fact]
    public void Half_a_character_is_shown_as_one_that_is_not_known() => Assert.Equal("c\ufffdd", StrangerText.Of($"c{'\ud800'}d"));

    [Fact]
    public void A_long_text_ends_in_an_ellipsis() => Assert.Equal("abc…", StrangerText.Of("abcdefgh", 4));

    [Theory]
    [InlineData("release", true, "release", false, "was released here")]
    [InlineData("release", false, "release", false, "cut off")]
    [InlineData("release", true, "release", true, null)]
    [InlineData("release", false, "release", true, null)]
    [InlineData("delete", true, "release", true, "was deleted here")]
    [InlineData("release", true, "delete", false, null)]
    [InlineData("release", false, "delete", false, null)]
    public void Alone_a_node_goes_by_what_it_wrote_down(string before, bool done, string action, bool again, string? words)
    {
        var refusal = new LocalClaim
        {
            Action = before,
            At = Now,
            Done = done,
        }.Refusal(action, again, "1/x");
        if (words is null)
            Assert.Null(refusal);
        else
            Assert.Contains(words, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-06-30", "2026-06-30T00:00:00Z")]
    [InlineData("2026-06-30T11:05", "2026-06-30T11:05:00Z")]
    [InlineData("12h", "2026-07-01T00:00:00Z")]
    [InlineData("7d", "2026-06-24T12:00:00Z")]
    public void A_moment_is_a_date_or_a_span_before_now(string text, string moment)
    {
        Assert.True(TimeText.TryRead(text, Now, out var time));
        Assert.Equal(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture), time);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("")]
    [InlineData("2026-13-01")]
    public void Anything_else_is_no_moment(string text) => Assert.False(TimeText.TryRead(text, Now, out _));

    [Fact]
    public void A_nodes_place_is_read_and_a_damaged_one_is_none()
    {
        var place = QuarantinePlace.Read(
            """
            {
              "directory": "/srv/q", "node": 3, "sharing": "built-in", "days": 30,
              "forwarded_address": "203.0.113.9", "forwarded_port": 11027
            }
            """
        )!;
        Assert.Equal(
            ("/srv/q", 3, true, "203.0.113.9", 11027),
            (place.Directory, place.Node, place.IsShared, place.ForwardedAddress!.ToString(), place.ForwardedPort)
        );
        Assert.Null(QuarantinePlace.Read("{"));
    }

    private void File(
        int node,
        string message,
        string sender,
        string part = "00001",
        string recipients = "x@example.org",
        DateTimeOffset? received = null,
        string verdict = "virus",
        string reason = "Eicar"
    )
    {
        var folder = Directory
            .CreateDirectory(Path.Combine(directory, "20260701", node.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            .FullName;
        System.IO.File.WriteAllText(
            Path.Combine(folder, $"{message}-{part}.env"),
            $"gatehouse-quarantine: 1\nid: {node}-{message}\nverdict: {verdict}\nreason: {reason}\nscore: 0\nreceived: "
                + $"{(received ?? Now).ToUnixTimeSeconds()}\nsize: 10\nclient: 192.0.2.1\nhelo: x\nfrom: {sender}\nsubject: "
                + $"hello\nenvelope:\n{sender}\n{recipients}\n"
        );
        System.IO.File.WriteAllBytes(Path.Combine(folder, $"{message}-{part}.msg"), Encoding.ASCII.GetBytes("Subject: hello\n\nhello\n"));
    }
}
