using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Machines.Probes;

/// <summary>
/// A network beside the host's own, joined to it by a pair of virtual interfaces: connections from there reach the host's real addresses
/// through its real firewall, from any client address. Replies find their way back by a mark on the connection, so no real route changes
/// for anybody else. The network itself ends with this process; the rules beside it are removed at the end, and by the next run after a
/// kill.
/// </summary>
internal sealed class StrangerNetwork : IAsyncDisposable
{
    private const string Outer = "ghverify0";
    private const string Inner = "world";
    private const string OuterMac = "02:47:48:00:00:01";
    private const string InnerMac = "02:47:48:00:00:02";
    private const string Mark = "0x47480001";
    private const string Table = "18248";
    private const string MarkedPreference = "90";

    // Behind the main table: asked only where nothing else leads to the address.
    private const string LastPreference = "40000";

    private readonly IMachine machine;
    private readonly SafeFileHandle network;
    private readonly FileStream only;
    private readonly ImmutableArray<IPAddress> servers;
    private readonly HashSet<IPAddress> clients = [];
    private readonly SemaphoreSlim gate = new(1);

    private StrangerNetwork(IMachine machine, SafeFileHandle network, FileStream only, ImmutableArray<IPAddress> servers)
    {
        this.machine = machine;
        this.network = network;
        this.only = only;
        this.servers = servers;
    }

    /// <summary>Makes the network.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="runDirectory">Where the lock lies: one such network at a time.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="NoStrangerException">This host does not allow it.</exception>
    public static async Task<StrangerNetwork> OpenAsync(IMachine machine, string runDirectory, CancellationToken ct)
    {
        if (LibC.EffectiveUser() != 0)
            throw new NoStrangerException("a separate network namespace needs root");
        var only = await LockAsync(runDirectory, ct);
        SafeFileHandle? network = null;
        try
        {
            await RemoveRulesAsync(machine, ct);
            network = await OnThreadOfItsOwnAsync(LibC.NewNetwork);
            var made = new StrangerNetwork(machine, network, only, HostAddresses());
            await made.BuildAsync(ct);
            return made;
        }
        catch (Exception e)
        {
            if (network is not null)
                await RemoveRulesAsync(machine, CancellationToken.None);
            network?.Dispose();
            await only.DisposeAsync();
            if (e is MachineException and not NoStrangerException)
                throw new NoStrangerException(e.Message.Split('\n')[^1].Trim());
            throw;
        }
    }

    /// <summary>The host's address of a family that clients connect to; null when it has none.</summary>
    /// <param name="wanted">The address from the answers; null when they have none of this family.</param>
    /// <param name="family">IPv4 or IPv6.</param>
    public IPAddress? Server(IPAddress? wanted, AddressFamily family) =>
        wanted is not null && servers.Contains(wanted) ? wanted : servers.FirstOrDefault(a => a.AddressFamily == family);

    /// <summary>Whether the host has an address itself, so that no client can have it.</summary>
    public bool IsOwn(IPAddress address) => servers.Contains(address);

    /// <summary>Connects as a client of that network.</summary>
    public async Task<NetworkStream> ConnectAsync(IPAddress client, IPEndPoint server, CancellationToken ct)
    {
        await EnsureAsync(client, ct);
        var socket = await OnThreadOfItsOwnAsync(() =>
        {
            LibC.EnterNetwork(network);
            return new Socket(client.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        });
        try
        {
            socket.Bind(new IPEndPoint(client, 0));
            await socket.ConnectAsync(server, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Taking one end of the pair away takes the other as well, at once.
        await machine.RunAsync(Invocation.Of("ip", "link", "delete", Outer), null, CancellationToken.None);
        network.Dispose();
        await RemoveRulesAsync(machine, CancellationToken.None);
        await only.DisposeAsync();
        gate.Dispose();
    }

    /// <summary>Removes what a killed run left beside its network. Nothing happens where nothing is left.</summary>
    public static async Task RemoveRulesAsync(IMachine machine, CancellationToken ct)
    {
        await machine.RunAsync(Invocation.Of("nft", "delete", "table", "inet", "gatehouse_verify"), null, ct);
        foreach (var family in new[] { "-4", "-6" })
        {
            var rules = await machine.RunAsync(Invocation.Of("ip", family, "rule", "show", "table", Table), null, ct);
            var preferences = rules.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(':')[0]);
            var deletions = preferences.Select(p => $"rule delete preference {p} table {Table}\n").ToArray();
            if (deletions.Length > 0)
                await machine.RunAsync(new Invocation(["ip", family, "-force", "-batch", "-"], string.Concat(deletions)), null, ct);
        }
    }

    /// <summary>Takes the lock. Whoever may open it can hold it, so nobody else may, whatever was there before.</summary>
    /// <param name="runDirectory">The directory that its own directory is in.</param>
    /// <param name="ct">Ends the waiting.</param>
    internal static async Task<FileStream> LockAsync(string runDirectory, CancellationToken ct)
    {
        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var directory = Path.Combine(runDirectory, "verify");
        Directory.CreateDirectory(runDirectory);
        Directory.CreateDirectory(directory, mine | UnixFileMode.UserExecute);
        File.SetUnixFileMode(directory, mine | UnixFileMode.UserExecute);
        var path = Path.Combine(directory, "lock");
        for (var tries = 0; ; tries++)
        {
            try
            {
                var taken = new FileStream(
                    path,
                    new FileStreamOptions
                    {
                        Mode = FileMode.OpenOrCreate,
                        Access = FileAccess.ReadWrite,
                        Share = FileShare.None,
                        UnixCreateMode = mine,
                    }
                );
                File.SetUnixFileMode(taken.SafeFileHandle, mine);
                return taken;
            }
            catch (IOException e)
            {
                if (tries >= 200)
                    throw new NoStrangerException($"another verification is running ({e.Message})");
                await Task.Delay(100, ct);
            }
        }
    }

    private static ImmutableArray<IPAddress> HostAddresses() =>
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .Where(i => i.NetworkInterfaceType != NetworkInterfaceType.Loopback && i.Name != Outer)
                .SelectMany(i => i.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .Where(a => !a.IsIPv6LinkLocal && !IPAddress.IsLoopback(a))
                .Distinct(),
        ];

    private async Task BuildAsync(CancellationToken ct)
    {
        await RunAsync(
            [
                "ip",
                "link",
                "add",
                Outer,
                "address",
                OuterMac,
                "type",
                "veth",
                "peer",
                "name",
                Inner,
                "address",
                InnerMac,
                "netns",
                HandlePath,
            ],
            "",
            ct
        );
        // Where the kernel checks that replies would leave by the interface that a packet came in by (rp_filter), it is to heed the mark.
        await MarkedSourcesAsync(ct);
        await RunAsync(
            ["nft", "-f", "-"],
            $$"""
            table inet gatehouse_verify {
                chain prerouting {
                    type filter hook prerouting priority -151; iifname "{{Outer}}" meta mark set {{Mark}} ct mark set {{Mark}};
                }
                chain output { type route hook output priority -149; ct mark {{Mark}} meta mark set {{Mark}}; }
            }
            """,
            ct
        );
        await InsideAsync($"link set lo up\nlink set {Inner} up\n", ct);
        foreach (var (family, flag) in new[] { (AddressFamily.InterNetwork, "-4"), (AddressFamily.InterNetworkV6, "-6") })
        {
            var own = servers.Where(a => a.AddressFamily == family).ToArray();
            if (own.Length == 0)
                continue;
            await RunAsync(
                ["ip", flag, "-batch", "-"],
                $"link set {Outer} up\nroute add default dev {Outer} table {Table}\nrule add preference {MarkedPreference} fwmark {Mark} "
                    + $"table {Table}\n",
                ct
            );
            await InsideAsync(
                string.Concat(
                    own.Select(a => $"route add {a} dev {Inner}\nneighbour replace {a} lladdr {OuterMac} dev {Inner} nud permanent\n")
                ),
                ct
            );
        }
    }

    private static async Task MarkedSourcesAsync(CancellationToken ct)
    {
        try
        {
            await File.WriteAllTextAsync($"/proc/sys/net/ipv4/conf/{Outer}/src_valid_mark", "1", ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoStrangerException(e.Message);
        }
    }

    private async Task EnsureAsync(IPAddress client, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (clients.Contains(client))
                return;
            var isSix = client.AddressFamily == AddressFamily.InterNetworkV6;
            await InsideAsync($"address add {client}/{(isSix ? "128" : "32")} dev {Inner}{(isSix ? " nodad" : "")}\n", ct);
            await RunAsync(
                ["ip", isSix ? "-6" : "-4", "-batch", "-"],
                $"neighbour replace {client} lladdr {InnerMac} dev {Outer} nud permanent\nrule add preference {LastPreference} to "
                    + $"{client} table {Table}\n",
                ct
            );
            clients.Add(client);
        }
        finally
        {
            gate.Release();
        }
    }

    private string HandlePath =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{network.DangerousGetHandle()}");

    private Task InsideAsync(string batch, CancellationToken ct) =>
        RunAsync(["nsenter", $"--net={HandlePath}", "--", "ip", "-batch", "-"], batch, ct);

    private async Task RunAsync(ImmutableArray<string> command, string input, CancellationToken ct)
    {
        var result = await machine.RunAsync(new Invocation(command, input), null, ct);
        if (result.Succeeded)
            return;
        var why = result.All.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "it printed nothing";
        throw new NoStrangerException($"'{command[0]}' failed: {why}");
    }

    // The thread is in another network afterwards, so it must not be one of the pool.
    private static Task<T> OnThreadOfItsOwnAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        {
            IsBackground = true,
            Name = "stranger",
        }.Start();
        return done.Task;
    }
}

/// <summary>The host allows no network for a stranger; the message says why.</summary>
internal sealed class NoStrangerException(string why) : MachineException(why);
