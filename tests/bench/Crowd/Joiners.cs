using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;

namespace Crowd;

/// <summary>Hosts that join at the same moment: each with a code, a key and an address of its own, in the protocol of real ones.</summary>
internal static class Joiners
{
    /// <summary>The port at which they say that their agents are; the real agent of this host has the usual one.</summary>
    public const int Port = 2028;

    private const string Domain = ".crowd.example";

    /// <summary>Invites them, has them join, and keeps what they were given.</summary>
    /// <returns>How many failed, and how long it took from the first request to the last answer.</returns>
    public static async Task<(int Failed, double Seconds)> RunAsync(int count, string directory, LocalNode me)
    {
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync();
        var trust = TrustStore.Read(string.Concat(view.Roots), "");
        var first = view.Nodes.Max(NumberIn);
        var hosts = Enumerable
            .Range(first + 1, count)
            .Select(n => new Host(n, JoinCode.Make(RandomNumberGenerator.GetBytes(JoinCode.RandomBytes), Pin.Of(trust.Roots[^1]))))
            .ToArray();
        foreach (var host in hosts)
        {
            var verifier = CodeVerifier.Of(host.Code, RandomNumberGenerator.GetBytes(CodeVerifier.SaltBytes)).ToString();
            JoinCode.TryNumber(host.Code.Id, out var number);
            await registry.InviteAsync(
                new NewCode(number, host.Name, "mail", Encoding.ASCII.GetBytes(verifier), DateTimeOffset.UtcNow.AddHours(1)),
                replace: true
            );
        }

        var issuer = view.Node(view.Cluster.Issuer)!.Address.ToString();
        var start = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(
            hosts.Select(h => Task.Run(() => JoinAsync(h, trust, issuer, view.Node(view.Cluster.Issuer)!.Release)))
        );
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Directory.CreateDirectory(directory);
        foreach (var (host, grant) in hosts.Zip(answers).Where(p => p.Second is not null))
            await File.WriteAllTextAsync(
                Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{grant!.Number}.pem")),
                $"{host.Address}\n{grant.Certificate}\n{host.Key.ExportPkcs8PrivateKeyPem()}\n"
            );
        return (answers.Count(a => a is null), seconds);
    }

    // Those of a run before have names and addresses by their own count, whatever the registry has numbered them.
    private static int NumberIn(ClusterNode node) =>
        node.Name.EndsWith(Domain, StringComparison.Ordinal)
            ? int.Parse(node.Name.AsSpan(1, node.Name.Length - Domain.Length - 1), CultureInfo.InvariantCulture)
            : node.Number;

    private static async Task<JoinGrant?> JoinAsync(Host host, TrustStore trust, string issuer, string release)
    {
        try
        {
            using var client = AgentClient.Joining(trust, issuer, MemberTls.Port, TimeProvider.System);
            var answer = await client.JoinAsync(host.Request(release), CancellationToken.None);
            if (answer.Grant is null)
                await Console.Error.WriteLineAsync(string.Join(' ', answer.Findings.Where(f => f.IsError).Select(f => f.Message)));
            return answer.Grant;
        }
        catch (AgentException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return null;
        }
    }

    private sealed record Host(int Number, JoinCode Code)
    {
        public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public string Name => string.Create(CultureInfo.InvariantCulture, $"s{Number}{Domain}");

        // Odd ones are where somebody answers, even ones where nobody does (RFC 2544's network).
        public string Address => string.Create(CultureInfo.InvariantCulture, $"198.{18 + Number % 2}.{Number >> 8}.{Number & 0xff}");

        public JoinRequest Request(string release) =>
            new()
            {
                Protocol = JoinRequest.ThisProtocol,
                Release = release,
                Code = Code.Id,
                Secret = Code.Secret.Reveal(),
                Name = Name,
                Address = Address,
                Port = Port,
                Location = "",
                Clock = DateTimeOffset.UtcNow,
                Users = ImmutableSortedDictionary<string, int>.Empty,
                EchoPort = 0,
                Echo = "",
                Request = SigningRequest.Make(Key),
            };
    }
}
