using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Tests.Machines;

/// <summary>A running Debian host in memory: files, packages, groups, and units that systemd would answer for.</summary>
internal sealed class MemoryMachine : IMachine
{
    private static readonly CommandResult Good = new(0, "", "");
    private readonly Dictionary<string, Item> items = new(StringComparer.Ordinal);

    public MemoryMachine(params string[] units)
    {
        foreach (var unit in units)
            Units[unit] = new UnitState(true, false, false);
        items["/etc/group"] = new Item(EntryKind.File, Ownership.Default, FileContent.Of("clamav:x:101:\nDebian-exim:x:102:\n"));
    }

    public string Name => "memory";

    public bool IsLive => true;

    public Dictionary<string, UnitState> Units { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Packages { get; } = new(StringComparer.Ordinal);

    /// <summary>Commands that failed to be answered otherwise: those that begin so, fail while the condition holds.</summary>
    public Func<string, bool> Fails { get; set; } = _ => false;

    /// <summary>What some commands print; those that begin so.</summary>
    public Dictionary<string, string> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>What apt prints while it installs.</summary>
    public string[] Lines { get; set; } = [];

    /// <summary>Units that the packages enable when they are installed, as Debian's do.</summary>
    public string[] PackagesEnable { get; set; } = [];

    /// <summary>Units whose package apt removes for those that it installs.</summary>
    public string[] PackagesRemove { get; set; } = [];

    /// <summary>Every command that changes something, in order.</summary>
    public List<string> Commands { get; } = [];

    /// <summary>Every command line and input, whatever it does.</summary>
    public List<string> Everything { get; } = [];

    public ImmutableSortedDictionary<string, string> Snapshot() =>
        items
            .Where(i => !i.Key.StartsWith(GenerationStore.Home, StringComparison.Ordinal))
            .ToImmutableSortedDictionary(
                i => i.Key,
                i => $"{i.Value.Kind} {i.Value.Owner} {i.Value.Target} {i.Value.Content?.Text}",
                StringComparer.Ordinal
            );

    public IEnumerable<string> Records =>
        items.Where(i => i.Key.EndsWith(".json", StringComparison.Ordinal)).Select(i => i.Value.Content!.Text);

    public ValueTask<FileContent?> ReadAsync(string path, CancellationToken ct) =>
        ValueTask.FromResult(items.GetValueOrDefault(path)?.Content);

    public ValueTask<PathState> StatAsync(string path, CancellationToken ct) =>
        ValueTask.FromResult(
            items.TryGetValue(path, out var item)
                ? new PathState(item.Kind, item.Content?.Hash ?? "", item.Target, item.Owner)
                : PathState.Nothing
        );

    public ValueTask WriteAsync(string path, Item item, CancellationToken ct)
    {
        // As on a real one, a directory is replaced by nothing else, and nothing else by a directory.
        if (items.TryGetValue(path, out var there) && (there.Kind == EntryKind.Directory) != (item.Kind == EntryKind.Directory))
            throw new MachineException($"{path} is in the way");
        items[path] = item;
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveAsync(string path, CancellationToken ct)
    {
        if (items.Keys.Any(k => k.StartsWith(path + "/", StringComparison.Ordinal)))
            throw new MachineException($"{path} cannot be removed: Directory not empty");
        items.Remove(path);
        return ValueTask.CompletedTask;
    }

    public ValueTask<ImmutableArray<string>> ListAsync(string path, CancellationToken ct) =>
        ValueTask.FromResult<ImmutableArray<string>>([
            .. items
                .Keys.Where(k => k.StartsWith(path + "/", StringComparison.Ordinal))
                .Select(k => k[(path.Length + 1)..].Split('/')[0])
                .Distinct()
                .Order(StringComparer.Ordinal),
        ]);

    public ValueTask<CommandResult> RunAsync(Invocation command, Action<string>? onLine, CancellationToken ct)
    {
        var words = command.Arguments.Where(a => a is not ("--" or "--quiet")).ToArray();
        var text = string.Join(' ', words);
        Everything.Add($"{command} < {command.Input}");
        if (!IsQuestion(words))
            Commands.Add(text);
        if (words[0] == "apt-get")
            foreach (var line in Lines)
                onLine?.Invoke(line);
        if (Fails(text))
            return ValueTask.FromResult(new CommandResult(1, "", $"{text}: it does not work"));
        return ValueTask.FromResult(
            Answers.TryGetValue(words.Contains("--download-only") ? "apt-get download" : text, out var answer)
                ? new CommandResult(0, answer, "")
                : Answer(words)
        );
    }

    private static bool IsQuestion(string[] words) =>
        words
            is ["systemctl", "show" or "is-failed" or "is-system-running" or "list-unit-files", ..]
                or ["dpkg-query" or "journalctl" or "logger" or "ss" or "df", ..]
                or ["dpkg", "--audit"];

    private CommandResult Answer(string[] words)
    {
        switch (words)
        {
            case ["systemctl", "show", _, .. var units]:
                return new CommandResult(0, string.Join("\n\n", units.Select(Show)), "");
            case ["systemctl", "list-unit-files", ..]:
                return new CommandResult(0, string.Concat(Units.Where(u => u.Value.Enabled).Select(u => $"{u.Key} enabled enabled\n")), "");
            case ["systemctl", "is-failed", ..]:
                return new CommandResult(1, "", "");
            case ["systemctl", "is-system-running"]:
                return new CommandResult(0, "running\n", "");
            case ["systemctl", "start" or "restart", var unit]:
                return Change(unit, u => u with { Active = true });
            case ["systemctl", "stop", "--no-block", var unit]:
                return Change(unit, u => u with { Active = false });
            case ["systemctl", "stop", var unit]:
                return Change(unit, u => u with { Active = false });
            case ["systemctl", "enable", "--no-reload", var unit]:
                return Change(unit, u => u with { Enabled = true });
            case ["systemctl", "disable", .., var unit]:
                return Change(unit, u => u with { Enabled = false });
            case ["dpkg-query", _, _, .. var names]:
                return new CommandResult(0, string.Concat(names.Where(Packages.Contains).Select(n => $"{n} installed\n")), "");
            case ["apt-get", ..] when words.Contains("--download-only"):
                return Good;
            case ["apt-get", ..]:
                Packages.UnionWith(words.SkipWhile(w => w != "install").Skip(1));
                foreach (var unit in PackagesEnable)
                    Units[unit] = new UnitState(true, false, true);
                foreach (var unit in PackagesRemove)
                    Units.Remove(unit);
                return Good;
            case ["usermod", _, _, var group, var user]:
                items["/etc/group"] = new Item(
                    EntryKind.File,
                    Ownership.Default,
                    FileContent.Of(
                        items["/etc/group"].Content!.Text.Replace($"{group}:x:102:", $"{group}:x:102:{user}", StringComparison.Ordinal)
                    )
                );
                return Good;
            default:
                return Good;
        }
    }

    private CommandResult Change(string unit, Func<UnitState, UnitState> change)
    {
        if (!Units.TryGetValue(unit, out var state))
            return new CommandResult(5, "", $"Unit {unit} not found.");
        Units[unit] = change(state);
        return Good;
    }

    private string Show(string unit) =>
        Units.TryGetValue(unit, out var u)
            ? $"LoadState=loaded\nActiveState={(u.Active ? "active" : "inactive")}\nUnitFileState={(u.Enabled ? "enabled" : "disabled")}"
            : "LoadState=not-found\nActiveState=inactive\nUnitFileState=";
}
