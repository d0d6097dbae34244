using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

/// <summary>What one member writes another reads as the same, and a later release may say more.</summary>
public sealed class WireTests
{
    private static readonly ClusterView Sample = View(
        Node(1) with
        {
            Address = IPAddress.Parse("2001:db8::1"),
            LastSeen = null,
        },
        Node(2, "mail", NodeState.Joining)
    );

    [Fact]
    public void Every_message_is_read_as_it_was_written()
    {
        Same(new Introduction(1, Sample.Cluster.Id, "example", "[2001:db8::1]:1028", ["root"]), Wire.Default.Introduction);
        Same(Sample, Wire.Default.ClusterView);
        Same(Status() with { Queue = null }, Wire.Default.NodeStatus);
        Same(new ReadyRequest("version: 1\n"), Wire.Default.ReadyRequest);
        Same(new RenewRequest("request"), Wire.Default.RenewRequest);
        Same(new RenewAnswer("certificate"), Wire.Default.RenewAnswer);
        Same(new Refusal("code", "It is used. Ask for another."), Wire.Default.Refusal);
        Same(new JoinAnswer([new(true, "name", "No.")], null), Wire.Default.JoinAnswer);
        Same(
            new JoinAnswer(
                [],
                new JoinGrant
                {
                    Number = 2,
                    Certificate = "pem",
                    View = Sample,
                    Settings = "version: 1\n",
                    SettingsVersion = 4,
                    EncryptionKey = "",
                    Secrets = [new("web.password", "sealed")],
                }
            ),
            Wire.Default.JoinAnswer
        );
        Same(
            new LocalNode
            {
                Cluster = "id",
                ClusterName = "example",
                Number = 2,
                Name = "n2.example.org",
                Profile = "mail",
                Epoch = 3,
                SettingsVersion = 4,
                Followed = "hash",
                Units = ["exim4.service"],
                Databases = ["192.0.2.1"],
            },
            Wire.Default.LocalNode
        );
        Same(
            new JoinRequest
            {
                Protocol = 1,
                Release = "0.1.0",
                Code = "ABC123",
                Secret = "secret",
                Name = "n2.example.org",
                Address = "192.0.2.2",
                Port = 1028,
                Location = "Köln",
                Clock = Now,
                Users = ImmutableSortedDictionary<string, int>.Empty.Add("Debian-exim", 104),
                EchoPort = 0,
                Echo = "",
                Request = "",
            },
            Wire.Default.JoinRequest
        );
    }

    [Fact]
    public void What_a_later_release_adds_is_passed_over()
    {
        var text = JsonSerializer.Serialize(Sample, Wire.Default.ClusterView);
        var more = "{\"moon\": {\"phase\": [1, null]}," + text[1..];
        Assert.Equal(Sample.Fingerprint(), JsonSerializer.Deserialize(more, Wire.Default.ClusterView)!.Fingerprint());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"protocol\": \"one\"}")]
    [InlineData("{\"protocol\": 1")]
    public void What_lacks_a_part_is_no_message(string text) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(Encoding.UTF8.GetBytes(text), Wire.Default.JoinRequest));

    [Theory]
    [InlineData("192.0.2.300")]
    [InlineData("")]
    [InlineData("n1.example.org")]
    public void What_is_no_address_is_not_taken_for_one(string address)
    {
        var text = JsonSerializer
            .Serialize(View(Node(7)), Wire.Default.ClusterView)
            .Replace("192.0.2.7", address, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(text, Wire.Default.ClusterView));
    }

    private static void Same<T>(T message, JsonTypeInfo<T> kind)
    {
        var written = JsonSerializer.SerializeToUtf8Bytes(message, kind);
        var read = JsonSerializer.Deserialize(written, kind)!;
        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(read, kind)));
        Assert.All(
            kind.Properties.Where(p => p.Get is not null),
            p => Assert.Contains($"\"{p.Name}\":", Encoding.UTF8.GetString(written), StringComparison.Ordinal)
        );
    }
}
