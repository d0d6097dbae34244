using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Golden;

/// <summary>Rules for unit files that systemd itself says nothing about.</summary>
public sealed class UnitFileTests
{
    // systemd.unit(5): of these the lines add up; of all others the last one wins without a word.
    private static readonly string[] Lists =
    [
        "After",
        "Before",
        "Wants",
        "Requires",
        "BindsTo",
        "PartOf",
        "Conflicts",
        "Documentation",
        "WantedBy",
        "RequiresMountsFor",
        "OnFailure",
        "OnCalendar",
        "OnActiveSec",
        "OnBootSec",
        "OnUnitActiveSec",
        "Environment",
        "EnvironmentFile",
        "LoadCredential",
        "ReadWritePaths",
        "ReadOnlyPaths",
        "InaccessiblePaths",
        "BindPaths",
        "BindReadOnlyPaths",
        "TemporaryFileSystem",
        "SystemCallFilter",
        "RestrictAddressFamilies",
        "CapabilityBoundingSet",
        "AmbientCapabilities",
        "IPAddressAllow",
        "IPAddressDeny",
        "SupplementaryGroups",
        "SuccessExitStatus",
        "DeviceAllow",
        "LogExtraFields",
        "PathChanged",
        "PathExists",
        "PathModified",
        "DirectoryNotEmpty",
        "ListenStream",
    ];

    [Fact]
    public void Nothing_is_set_twice_in_a_unit_file()
    {
        var files = Files();
        Assert.InRange(files.Length, 50, 5000);
        var twice = files
            .SelectMany(f => Keys(f).GroupBy(k => k).Where(g => g.Count() > 1).Select(g => $"{Path.GetFileName(f)}: {g.Key}"))
            .Distinct();
        Assert.Empty(twice);
    }

    // An hour after 'apt remove' such a unit would fail, and after it each hour.
    [Fact]
    public void What_runs_the_program_is_passed_over_when_it_is_gone() =>
        Assert.All(
            Files().Where(f => File.ReadLines(f).Any(l => l.StartsWith("ExecStart=/usr/bin/gatehouse ", StringComparison.Ordinal))),
            f => Assert.Contains("ConditionFileIsExecutable=/usr/bin/gatehouse", File.ReadLines(f))
        );

    private static string[] Files() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Repository.Root, "tests", "Gatehouse.Tests", "Golden"), "*.*", SearchOption.AllDirectories)
                .Where(f =>
                    f.EndsWith(".service", StringComparison.Ordinal)
                    || f.EndsWith(".timer", StringComparison.Ordinal)
                    || f.EndsWith(".path", StringComparison.Ordinal)
                ),
        ];

    private static IEnumerable<string> Keys(string file) =>
        File.ReadLines(file)
            .Where(l => l.Length > 0 && char.IsAsciiLetterUpper(l[0]) && l.Contains('=', StringComparison.Ordinal))
            .Select(l => l[..l.IndexOf('=', StringComparison.Ordinal)])
            .Where(k =>
                !Lists.Contains(k)
                && !k.StartsWith("Exec", StringComparison.Ordinal)
                && !k.StartsWith("Condition", StringComparison.Ordinal)
                && !k.StartsWith("Assert", StringComparison.Ordinal)
            );
}
