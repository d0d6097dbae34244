using Gatehouse.Core.Queue;
using Xunit;

namespace Gatehouse.Tests.Standalone;

/// <summary>Exim's queue, as Exim prints it.</summary>
public sealed class QueueTests
{
    private const string Listing =
        "25h  2.9K 1xXo1w-00007t-42 <> *** frozen ***\n          user@example.org\n\n"
        + " 0m   264 1xXo1v-00007q-5D <sender@client.example> (root)\n        D done@example.org\n          user@example.org\n          "
        + "\"odd <x\"@example.net\n\n";

    private const string Log =
        "2026-11-30 00:09:59 Received from sender@client.example U=root P=local S=264 id=test1@x\n"
        + "2026-11-30 00:10:00 H=10.77.0.71 [10.77.0.71] Connection refused\n"
        + "2026-11-30 00:10:00 user@example.org R=behind T=remote_smtp defer (111): Connection refused\n"
        + "2026-11-30 00:10:00 user@example.org.au R=behind T=remote_smtp defer (0): another\n"
        + "2026-11-30 00:25:00 user@example.org R=behind T=remote_smtp defer (-54): "
        + "retry time not reached for any host for 'example.org'\n";

    [Fact]
    public void The_listing_is_read_oldest_first()
    {
        var queue = QueuedMessage.ReadAll(Listing);
        Assert.Equal(["1xXo1v-00007q-5D", "1xXo1w-00007t-42"], queue.Select(m => m.Id));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1795993799), queue[0].Received);
        Assert.Equal(("sender@client.example", "264", false), (queue[0].Sender, queue[0].Size, queue[0].IsFrozen));
        Assert.Equal<string>(["user@example.org", "\"odd <x\"@example.net"], queue[0].Waiting);
        Assert.Equal<string>(["done@example.org"], queue[0].Delivered);
        Assert.Equal(("", true), (queue[1].Sender, queue[1].IsFrozen));
    }

    [Fact]
    public void The_reason_is_the_last_one_that_says_something()
    {
        Assert.Equal(("2026-11-30 00:10:00", "Connection refused"), QueuedMessage.Why(Log, "user@example.org"));
        Assert.Null(QueuedMessage.Why(Log, "other@example.org"));
    }

    [Fact]
    public void Messages_are_chosen_by_id_sender_recipient_and_domain()
    {
        var queue = QueuedMessage.ReadAll(Listing);
        Assert.Equal(2, queue.Count(new QueueFilter([], Domain: "EXAMPLE.org").Matches));
        Assert.Equal(["1xXo1v-00007q-5D"], queue.Where(new QueueFilter([], Sender: "client").Matches).Select(m => m.Id));
        Assert.Equal(["1xXo1v-00007q-5D"], queue.Where(new QueueFilter([], Recipient: "odd").Matches).Select(m => m.Id));
        Assert.Empty(queue.Where(new QueueFilter([], Recipient: "done@").Matches));
        Assert.Equal(["1xXo1w-00007t-42"], queue.Where(new QueueFilter(["1xXo1w-00007t-42"]).Matches).Select(m => m.Id));
    }

    [Fact]
    public void A_header_is_shown_without_what_Exim_notes_beside_it() =>
        Assert.Equal(
            "Received: from x\n\tby y\nSubject: hi",
            QueuedMessage.HeaderOf(
                "1x-H\nroot 0 0\n1\nuser@example.org\n\n158P Received: from x\n\tby y\n018* Subject: old\n\tand long\n012  Subject: hi\n"
            )
        );
}
