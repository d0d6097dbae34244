using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Quorum;

/// <summary>Asks the cluster's etcd who its members are and changes that, by way of etcdctl(1) and the node's certificate.</summary>
/// <param name="machine">This host.</param>
/// <param name="nodes">The database nodes: whoever of them answers is asked.</param>
internal sealed class EtcdControl(LocalMachine machine, ImmutableArray<string> nodes)
{
    /// <summary>etcd's unit.</summary>
    public const string Unit = "etcd.service";

    /// <summary>Where a member keeps what it knows.</summary>
    public const string Data = "/var/lib/etcd/gatehouse";

    /// <summary>Is there since etcd first ran with the vote that this node has now.</summary>
    public const string Voted = "/var/lib/gatehouse/cluster/voted";

    private static readonly string[] Trust =
    [
        "--cacert=/etc/gatehouse/pki/cluster-ca.pem",
        "--cert=/etc/gatehouse/pki/node.crt",
        "--key=/etc/gatehouse/pki/node.key",
        "--dial-timeout=2s",
        "--command-timeout=8s",
    ];

    /// <summary>The members.</summary>
    /// <exception cref="SequenceException">Nobody answers, or no majority is there.</exception>
    public async Task<ImmutableArray<QuorumMember>> MembersAsync(CancellationToken ct)
    {
        using var json = JsonDocument.Parse(await AskAsync(["member", "list", "--write-out=json"], ct));
        return [.. json.RootElement.GetProperty("members").EnumerateArray().Select(Member)];
    }

    /// <summary>Puts a node on the list, without a vote.</summary>
    /// <param name="name">The node's name.</param>
    /// <param name="ct">Ends it.</param>
    public Task AddAsync(string name, CancellationToken ct) =>
        AskAsync(["member", "add", name, "--learner", $"--peer-urls={QuorumSeat.PeerUrl(name)}"], ct);

    /// <summary>Gives a member its vote.</summary>
    /// <param name="member">The member.</param>
    /// <param name="ct">Ends it.</param>
    public Task PromoteAsync(QuorumMember member, CancellationToken ct) => AskAsync(["member", "promote", Hex(member)], ct);

    /// <summary>Takes a member off the list.</summary>
    /// <param name="member">The member.</param>
    /// <param name="ct">Ends it.</param>
    public Task RemoveAsync(QuorumMember member, CancellationToken ct) => AskAsync(["member", "remove", Hex(member)], ct);

    private static string Hex(QuorumMember member) => member.Id.ToString("x", CultureInfo.InvariantCulture);

    // One that was added and never started has no name of its own; where it will be tells which node it is.
    private static QuorumMember Member(JsonElement json)
    {
        ImmutableArray<string> urls = [.. json.GetProperty("peerURLs").EnumerateArray().Select(u => u.GetString() ?? "")];
        var name = urls.Length > 0 && Uri.TryCreate(urls[0], UriKind.Absolute, out var url) ? url.Host : "";
        return new QuorumMember(
            json.GetProperty("ID").GetUInt64(),
            name,
            urls,
            !(json.TryGetProperty("isLearner", out var learner) && learner.GetBoolean())
        );
    }

    // Nodes without a vote refuse the connection at once, and one that learns refuses the question; the next is asked.
    private async Task<string> AskAsync(string[] words, CancellationToken ct)
    {
        var said = "";
        foreach (var node in nodes)
        {
            var command = new Invocation(
                [
                    "etcdctl",
                    string.Create(CultureInfo.InvariantCulture, $"--endpoints=https://{node}:{QuorumSeat.ClientPort}"),
                    .. Trust,
                    .. words,
                ],
                Timeout: TimeSpan.FromSeconds(15),
                Variables: ImmutableDictionary<string, string>.Empty.Add("ETCDCTL_API", "3")
            );
            var result = await machine.RunAsync(command, null, ct);
            if (result.Succeeded)
                return result.Output;
            said += $"\n  {node}: {LastLine(result)}";
        }

        throw new SequenceException(ExitCodes.Failed, $"etcd, which elects the primary, refused '{string.Join(' ', words)}':{said}");
    }

    private static string LastLine(CommandResult result)
    {
        var line =
            result.All.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault()
            ?? $"exit code {result.ExitCode}";
        return line.StartsWith("Error: ", StringComparison.Ordinal) ? line[7..] : line;
    }
}
