using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;

namespace Gatehouse.Tests.Machines;

/// <summary>A small tree of real files, and nodes to apply to it.</summary>
internal sealed class Tree : IDisposable
{
    private readonly string root = Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
        $"gatehouse-tests-{Guid.NewGuid():N}"
    );

    /// <summary>A tree with what Debian would have left there.</summary>
    public Tree()
    {
        foreach (var directory in new[] { "etc/app", "etc/old", "var/lib" })
            Directory.CreateDirectory(Path.Combine(root, directory));
        Write("etc/passwd", "root:x:0:0::/root:/bin/sh\n", 0b110_100_100);
        Write("etc/group", "root:x:0:\n", 0b110_100_100);
        Write("etc/app/main.conf", "as Debian left it\n", 0b110_100_000);
        Write("etc/app/unwanted.conf", "goes away\n", 0b110_100_100);
        Write("etc/app/same.conf", "same\n", 0b110_100_100);
        Write("etc/old/mode.conf", "mode\n", 0b111_111_111);
        File.CreateSymbolicLink(Path.Combine(root, "etc/zone"), "/usr/share/zoneinfo/UTC");
        Machine = new LocalMachine(root);
    }

    public LocalMachine Machine { get; }

    /// <summary>What the first and the second apply ask for.</summary>
    public static RenderedNode First { get; } = Node("one", ("/etc/app/extra.conf", "extra"), ("/etc/app/new/deep.conf", "deep"));

    public static RenderedNode Second { get; } = Node("two", ("/etc/app/new/deep.conf", "deeper"), ("/etc/app/third.conf", "third"));

    /// <summary>Kind, mode and content of everything outside Gatehouse's own records.</summary>
    public ImmutableSortedDictionary<string, string> Snapshot()
    {
        var all = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories))
        {
            var name = path[root.Length..];
            if (name.StartsWith(GenerationStore.Home, StringComparison.Ordinal))
                continue;
            var info = new FileInfo(path);
            all[name] =
                info.LinkTarget is { } target ? $"link {target}"
                : Directory.Exists(path) ? $"directory {File.GetUnixFileMode(path)}"
                : $"file {File.GetUnixFileMode(path)} {File.ReadAllText(path)}";
        }

        return all.ToImmutable();
    }

    public static Applier Applier(IMachine machine, IChecker? checker = null) =>
        new(machine, checker ?? new Judges(), new Judges(), new FixedClock(), new Silence());

    public void Dispose()
    {
        if (Directory.Exists(root))
            Directory.Delete(root, true);
    }

    private void Write(string path, string text, int mode)
    {
        var real = Path.Combine(root, path);
        File.WriteAllText(real, text);
        File.SetUnixFileMode(real, (UnixFileMode)mode);
    }

    private static RenderedNode Node(string main, params (string Path, string Text)[] files)
    {
        (string Path, string Text, int Mode)[] all =
        [
            ("/etc/app/main.conf", main, 0b110_000_000),
            ("/etc/app/same.conf", "same\n", 0b110_100_100),
            ("/etc/old/mode.conf", "mode\n", 0b110_100_000),
            .. files.Select(f => (f.Path, f.Text, 0b110_100_100)),
        ];
        var contents = all.Select(f => FileContent.Of(f.Text)).ToArray();
        return new RenderedNode
        {
            Packages = [],
            Entries =
            [
                new RenderedEntry("app", EntryKind.Directory, "/etc/app/new", new Ownership("root", "root", 0b111_101_000), "", "", false),
                .. all.Zip(
                    contents,
                    (f, c) => new RenderedEntry("app", EntryKind.File, f.Path, new Ownership("root", "root", f.Mode), c.Hash, "", false)
                ),
                new RenderedEntry(
                    "app",
                    EntryKind.Link,
                    "/etc/zone",
                    new Ownership("root", "root", 0b111_111_111),
                    "",
                    $"/zone/{main}",
                    false
                ),
                new RenderedEntry("app", EntryKind.Absent, "/etc/app/unwanted.conf", Ownership.Default, "", "", false),
            ],
            Members = [],
            Reactions = [],
            Units = [],
            Checks = [],
            Verifications = [],
            Overridden = [],
            Contents = contents.DistinctBy(c => c.Hash).ToImmutableDictionary(c => c.Hash),
        };
    }
}

/// <summary>Judges that find everything good but what they are told not to.</summary>
internal sealed class Judges : IChecker, IVerifier
{
    public string Refuses { get; init; } = "";

    public string Fails { get; init; } = "";

    public Task<ImmutableArray<CheckResult>> JudgeAsync(RenderedNode node, ImmutableArray<RenderedCheck> checks, CancellationToken ct) =>
        Task.FromResult<ImmutableArray<CheckResult>>([
            .. checks.Select(c => new CheckResult(c, c.Check.Name != Refuses, true, "line 3: bad", default)),
        ]);

    public Task<ProbeResult> VerifyAsync(Verification verification, CancellationToken ct) =>
        Task.FromResult(verification.Name == Fails ? ProbeResult.Fail("no answer") : ProbeResult.Pass("fine"));
}

/// <summary>A clock that stands still.</summary>
internal sealed class FixedClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => Samples.Now;
}

/// <summary>Remembers what was told.</summary>
internal sealed class Silence : IApplyLog
{
    public List<string> Heard { get; } = [];

    public void Begin(Phase phase, int steps) => Heard.Add(phase.ToString());

    public void Done(Step step, bool passed, string detail, TimeSpan took) => Heard.Add($"{step.Describe()} {passed} {detail}");

    public void Unknown(Step step, string detail) => Heard.Add($"{step.Describe()} unknown {detail}");

    public void Line(string text) => Heard.Add(text);

    public void Note(string text) => Heard.Add(text);
}
