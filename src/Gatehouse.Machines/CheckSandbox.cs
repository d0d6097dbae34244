using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>The judgement of one check.</summary>
/// <param name="Check">Which check.</param>
/// <param name="Passed">Whether the staged files are good.</param>
/// <param name="Ran">False when the program is not installed here, so that nothing was judged.</param>
/// <param name="Output">What the program printed.</param>
/// <param name="Took">How long it took.</param>
public sealed record CheckResult(RenderedCheck Check, bool Passed, bool Ran, string Output, TimeSpan Took);

/// <summary>
/// Runs checks on staged files at their real paths: in a mount namespace of its own, the staged tree lies over the live one,
/// so includes resolve and nothing live is touched; a network namespace keeps the daemons' own probes off the network.
/// Without root, a user namespace gives the same.
/// </summary>
public sealed class CheckSandbox : IDisposable
{
    // $1: the stage; then paths to take away, "--", overlay points, "--", scratch directories, "--", the command.
    // Everything is gone with the namespace.
    private const string Script = """
        set -eu
        stage=$1; shift
        mount -t tmpfs -o mode=0755 gatehouse "$stage/over"
        gone=
        while [ "$1" != -- ]; do gone="$gone $1"; shift; done; shift
        number=0
        while [ "$1" != -- ]; do
          number=$((number + 1))
          mkdir -p "$stage/over/$number/upper" "$stage/over/$number/work"
          cp -a "$stage/tree$1/." "$stage/over/$number/upper/"
          if [ -f "$stage/owners" ]; then
            while read -r owner path; do
              case $path in "$1"/*) chown -h "$owner" "$stage/over/$number/upper${path#"$1"}" 2>/dev/null || true ;; esac
            done < "$stage/owners"
          fi
          for path in $gone; do
            case $path in "$1"/*)
              # An overlay's sign for "not there" (kernel documentation, overlayfs, "whiteouts").
              mkdir -p "$stage/over/$number/upper$(dirname "${path#"$1"}")"
              mknod "$stage/over/$number/upper${path#"$1"}" c 0 0 ;;
            esac
          done
          mount -t overlay -o "lowerdir=$1,upperdir=$stage/over/$number/upper,workdir=$stage/over/$number/work" overlay "$1"
          shift
        done; shift
        while [ "$1" != -- ]; do
          [ ! -d "$1" ] || mount -t tmpfs -o mode=0777 gatehouse "$1"
          shift
        done; shift
        # Every address leads to this namespace itself: nothing leaves it, and rspamd, which connects to its name servers
        # while it reads its configuration, has a way to do so.
        ip link set lo up 2>/dev/null || true
        ip route add local default dev lo 2>/dev/null || true
        ip -6 route add local default dev lo 2>/dev/null || true
        exec "$@"
        """;

    private readonly LocalMachine stage;
    private readonly string directory;
    private readonly ImmutableArray<string> points;
    private readonly ImmutableArray<string> absent;
    private readonly ImmutableArray<string> scratch;
    private readonly bool root = LibC.EffectiveUser() == 0;

    private CheckSandbox(string directory, RenderedNode node)
    {
        this.directory = directory;
        points = OverlayPoints(node);
        absent = [.. node.Entries.Where(e => e.Kind == EntryKind.Absent).Select(e => e.Path)];
        // Root sees the daemons' directories as they are; for anybody else they are closed, and empty ones stand in.
        scratch = root ? [] : node.Scratch;
        stage = new LocalMachine(Path.Combine(directory, "tree"), durable: false);
    }

    /// <summary>Stages a node's files.</summary>
    /// <param name="node">What to stage, with contents.</param>
    /// <param name="directory">A directory for the stage, on a real file system; made here and removed by <see cref="Dispose"/>.</param>
    /// <param name="ct">Ends the staging.</param>
    public static async ValueTask<CheckSandbox> StageAsync(RenderedNode node, string directory, CancellationToken ct)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, true);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(Path.Combine(directory, "over"));
        var sandbox = new CheckSandbox(directory, node);
        try
        {
            foreach (var entry in node.Entries.Where(e => e.Kind is not EntryKind.Absent && sandbox.points.Any(p => IsBelow(e.Path, p))))
            {
                var content = entry.Kind == EntryKind.File ? node.Contents[entry.Hash] : null;
                await sandbox.stage.WriteAsync(entry.Path, new Item(entry.Kind, entry.Owner, content, entry.Target), ct);
            }

            // Only inside the user namespace may somebody else than root give files away.
            if (!sandbox.root)
                await File.WriteAllLinesAsync(
                    Path.Combine(directory, "owners"),
                    node.Entries.Select(e => $"{e.Owner.User}:{e.Owner.Group} {e.Path}"),
                    ct
                );
            return sandbox;
        }
        catch
        {
            sandbox.Dispose();
            throw;
        }
    }

    /// <summary>Runs one check.</summary>
    public async ValueTask<CheckResult> RunAsync(RenderedCheck check, CancellationToken ct)
    {
        if (!IsInstalled(check.Check.Program))
            return new CheckResult(check, true, false, $"not checked: {check.Check.Program} is not installed here", default);
        if (check.Check.ManyUsers && !root && !HasSubordinateIds)
            return new CheckResult(
                check,
                true,
                false,
                $"not checked: {check.Check.Program} needs root here, or the package uidmap and a line for you in /etc/subuid",
                default
            );
        var start = Stopwatch.GetTimestamp();
        string[] user =
            root ? []
            : HasSubordinateIds ? ["--user", "--map-root-user", "--map-auto"]
            : ["--user", "--map-root-user"];
        string[] enter = ["unshare", .. user, "--mount", "--net", "--"];
        var command = new Invocation(
            [.. enter, "sh", "-c", Script, "check", directory, .. absent, "--", .. points, "--", .. scratch, "--", .. check.Check.Run],
            check.Check.Input,
            TimeSpan.FromSeconds(60)
        );
        var result = await stage.RunAsync(command, null, ct);
        return new CheckResult(check, Judge(check.Check, result), true, result.All.Trim(), Stopwatch.GetElapsedTime(start));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, true);
    }

    /// <summary>Whether an exit code and output mean that the files are good.</summary>
    public static bool Judge(Check check, CommandResult result) =>
        check.Exits.Contains(result.ExitCode)
        && !check.Fatal.Any(f => Regex.IsMatch(result.All, f))
        && check.Wanted.All(w => Regex.IsMatch(result.All, w));

    // /etc as a whole; elsewhere just the directories that files go to, so that what is mounted beside them stays visible.
    private static ImmutableArray<string> OverlayPoints(RenderedNode node) =>
        [
            .. node
                .Entries.Where(e => e.Kind is EntryKind.File or EntryKind.Link)
                .Select(e => IsBelow(e.Path, "/etc") ? "/etc" : Path.GetDirectoryName(e.Path)!)
                .Distinct(StringComparer.Ordinal)
                .Where(Directory.Exists)
                .Order(StringComparer.Ordinal),
        ];

    private static bool IsBelow(string path, string directory) => path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static bool HasSubordinateIds =>
        IsInstalled("newuidmap")
        && File.Exists("/etc/subuid")
        && File.ReadLines("/etc/subuid").Any(l => l.StartsWith(Environment.UserName + ":", StringComparison.Ordinal));

    private static bool IsInstalled(string program) =>
        new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin" }.Any(d =>
            File.Exists(Path.Combine(d, program))
        );
}
