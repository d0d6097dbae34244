using System.Collections.Immutable;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quarantine;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;

namespace Gatehouse.Backup;

/// <summary>The files that make a gateway what it is: from them, an apply on a fresh host makes the same gateway.</summary>
internal static class GatewayFiles
{
    private const string Ledger = "/var/lib/gatehouse/quarantine";

    // Answers, keys and certificates, generated secrets, DKIM records, templates of the site.
    private static readonly string[] Trees = ["/etc/gatehouse"];

    // Kept from one apply to the next: the key that name servers know, and the salt of the administrator's password.
    private static readonly string[] Single = ["/etc/exim4/gatehouse/dkim.key", "/etc/nginx/gatehouse/administrators"];

    // A value in the answers that names a file here would bring parts of the system along.
    private static readonly string[] Never =
    [
        "/proc/",
        "/sys/",
        "/dev/",
        "/run/",
        "/usr/",
        "/bin/",
        "/sbin/",
        "/lib/",
        "/lib64/",
        "/boot/",
        "/tmp/",
        "/var/spool/",
    ];

    // What is the administrator's own although it is below one of those.
    private static readonly string[] Own = ["/usr/local/"];

    /// <summary>The configuration: files of Gatehouse, and those that the answers name.</summary>
    public static BackedUp Configuration(LocalMachine machine)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var tree in Trees)
            found.UnionWith(Below(machine, tree));
        found.UnionWith(Single.Where(p => IsFile(machine, p)));
        var leftOut = ImmutableArray.CreateBuilder<string>();
        foreach (var path in Named(File.ReadAllBytes(machine.Real(AnswersInForce.Path))).Where(p => IsFile(machine, p)))
        {
            if (!IsPlain(path))
                leftOut.Add($"{path}: write its path without '.', '..' and double slashes");
            else if (IsOfTheSystem(path))
                leftOut.Add(
                    $"{path}: files below {Never.First(n => path.StartsWith(n, StringComparison.Ordinal))} belong to the "
                        + "system or do not survive a reboot; move the file, or copy it yourself"
                );
            else
                found.Add(path);
        }

        return new BackedUp([.. found], leftOut.ToImmutable());
    }

    /// <summary>The quarantine, and what was done with messages in it.</summary>
    public static ImmutableArray<string> Quarantine(LocalMachine machine) =>
        QuarantineDuty.Place(machine) is { } place
            ? [.. Below(machine, place.Directory), .. Below(machine, $"{Ledger}/done"), .. Below(machine, $"{Ledger}/learned")]
            : [];

    /// <summary>Absolute paths that answers name, whatever is there: values, with blanks and all.</summary>
    internal static ImmutableArray<string> Named(byte[] answers) =>
        YamlReader.Read(AnswersInForce.Path, answers, new Report()) is { } root
            ? [.. Values(root).Where(v => v.StartsWith('/')).Distinct(StringComparer.Ordinal)]
            : [];

    private static IEnumerable<string> Values(Node node) =>
        node switch
        {
            Scalar scalar => [scalar.Text],
            Sequence sequence => sequence.Items.SelectMany(Values),
            Mapping mapping => mapping.Entries.SelectMany(e => Values(e.Value)),
            _ => [],
        };

    private static bool IsOfTheSystem(string path) =>
        Never.Any(n => path.StartsWith(n, StringComparison.Ordinal)) && !Own.Any(o => path.StartsWith(o, StringComparison.Ordinal));

    /// <summary>Whether a path may be written from a backup: absolute, and it leads nowhere else than it says.</summary>
    public static bool IsPlain(string path) =>
        path.StartsWith('/')
        && path.Length is > 1 and < 4096
        && path[1..].Split('/').All(p => p is not ("" or "." or ".."))
        && !path.Any(char.IsControl);

    private static bool IsFile(LocalMachine machine, string path) => File.Exists(machine.Real(path));

    private static IEnumerable<string> Below(LocalMachine machine, string directory)
    {
        var real = machine.Real(directory);
        if (!Directory.Exists(real))
            return [];
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = false,
        };
        return Directory
            .EnumerateFiles(real, "*", options)
            .Select(p => $"{directory}{p[real.Length..]}")
            .Where(IsPlain)
            .Order(StringComparer.Ordinal);
    }
}
