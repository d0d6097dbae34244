using System.Collections.Immutable;

namespace Gatehouse.Machines;

/// <summary>Which mail and web services a machine has already, running or not.</summary>
public static class ServiceProbe
{
    private static readonly string[] Names =
    [
        "postfix",
        "sendmail",
        "exim4",
        "nginx",
        "apache2",
        "rspamd",
        "clamav-daemon",
        "redis-server",
    ];

    /// <summary>The services whose unit or init script is there.</summary>
    /// <param name="root">The root of the machine's files, such as <c>/</c>.</param>
    public static ImmutableArray<string> On(string root) => [.. Names.Where(n => Places(root, n).Any(IsThere))];

    private static IEnumerable<string> Places(string root, string name) =>
        [
            Path.Combine(root, "etc/systemd/system", $"{name}.service"),
            Path.Combine(root, "lib/systemd/system", $"{name}.service"),
            Path.Combine(root, "usr/lib/systemd/system", $"{name}.service"),
            Path.Combine(root, "etc/init.d", name),
        ];

    // A masked unit is a link to /dev/null: it says that there is to be no such service.
    private static bool IsThere(string path) => File.Exists(path) && new FileInfo(path).LinkTarget != "/dev/null";
}
