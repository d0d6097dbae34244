using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>A bare Debian with the package, to be set up by the wizard.</summary>
public sealed class WizardHost : IDisposable
{
    /// <summary>What an administrator who moves a node takes along: typed passwords, and what was made on the old host.</summary>
    private static readonly string[] Material =
    [
        "etc/gatehouse/secrets",
        "etc/gatehouse/pki",
        "etc/gatehouse/dkim",
        "etc/exim4/gatehouse/dkim.key",
        "etc/nginx/gatehouse/administrators",
    ];

    public WizardHost(string name, string address)
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("the lab needs root: sudo ./build.sh test");
        Name = name;
        Lab.Up("bare", $"{name}={address}");
        Lab.Push(name, Gateway.Package(), "/root/gatehouse.deb");
        Lab.Exec(name, "apt-get", "install", "-y", "/root/gatehouse.deb").Expect(0);
    }

    public string Name { get; }

    /// <summary>The material as an archive, in base64.</summary>
    public string Pack() => Lab.Shell(Name, $"cd / && tar -cz $(ls -d {string.Join(' ', Material)} 2>/dev/null) | base64").Expect(0).Output;

    /// <summary>Puts packed material in place.</summary>
    public void Unpack(string packed) => Lab.Exec(Name, ["sh", "-c", "base64 -d | tar -C / -xz"], packed).Expect(0);

    /// <summary>Everything that the configuration in force manages: path, kind, mode, owner, and the hash of what is in it; the lab's own
    /// line in /etc/hosts, in which hosts differ, stands below what is managed there.</summary>
    public string[] Managed()
    {
        using var record = JsonDocument.Parse(
            Lab.Shell(Name, "cat $(ls -v /var/lib/gatehouse/generations/*.json | tail -n 1)").Expect(0).Output
        );
        var paths = record
            .RootElement.GetProperty("Node")
            .GetProperty("Entries")
            .EnumerateArray()
            .Where(e => e.GetProperty("Kind").GetString() != "Absent")
            .Select(e => e.GetProperty("Path").GetString()!)
            .ToArray();
        Assert.InRange(paths.Length, 40, 400);
        const string each =
            "while read -r path; do stat -c '%n %F %a %U:%G %N' \"$path\"; if [ -f \"$path\" ]; then if [ \"$path\" = /etc/hosts ]; then "
            + "sed '/gatehouse ends/q' \"$path\"; else cat \"$path\"; fi | sha256sum; fi; done";
        var lines = Lab.Exec(Name, ["sh", "-c", each], string.Join('\n', paths) + "\n")
            .Expect(0)
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The hash belongs to the line before.
        return
        [
            .. lines
                .Where(l => l[0] == '/')
                .Select(l =>
                    Array.IndexOf(lines, l) is var at && at + 1 < lines.Length && lines[at + 1][0] != '/' ? $"{l} {lines[at + 1]}" : l
                )
                .Order(StringComparer.Ordinal),
        ];
    }

    public void Dispose() => Lab.Down(Name);
}
