using System.Globalization;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>A directory that stands for a host, and the program as the package starts it, to be used on a terminal.</summary>
public sealed class Tree : IDisposable
{
    // What the operator's shell knows: 'setup' starts the wizard and says afterwards how it left the terminal.
    private const string Shell = """
        PS1='$ '
        run() {
          before=$(stty -g)
          "$@"
          echo "exit: $?"
          if [ "$(stty -g)" = "$before" ]; then echo "tty: as before"; else echo "tty: changed"; fi
        }
        setup() { run gatehouse --root "$TREE/root" setup "$@"; }

        """;

    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-tree").FullName;
    private readonly Leash leash;

    public Tree()
    {
        // A wizard that is just ending may still write into it.
        leash = new Leash("tries=0; until rm -rf \"$1\" 2>/dev/null || [ $((tries += 1)) -gt 20 ]; do sleep 0.2; done", directory);
        Directory.CreateDirectory(Path.Combine(directory, "bin"));
        File.CreateSymbolicLink(Path.Combine(directory, "bin", "gatehouse"), Path.Combine(Lab.Root(), "src", "Debian", "gatehouse.sh"));
        File.WriteAllText(Path.Combine(directory, "shell"), Shell);
    }

    /// <summary>Where the program is started.</summary>
    public string Place => directory;

    /// <summary>Whether anything was ever applied.</summary>
    public bool IsApplied =>
        Directory.Exists(Path.Combine(directory, "root/var/lib/gatehouse/generations"))
        || Directory.Exists(Path.Combine(directory, "root/etc"));

    /// <summary>The variables of a shell on a terminal, NAME=VALUE each.</summary>
    public string[] Variables(string term, string lang) =>
        [
            $"TERM={term}",
            $"LANG={lang}",
            $"TREE={directory}",
            $"ENV={directory}/shell",
            $"GATEHOUSE_PROGRAM={Program()}",
            $"PATH={directory}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "SHELL=/bin/sh",
        ];

    /// <summary>Writes a file beside the tree; its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The draft that was saved; empty when there is none.</summary>
    public string Draft() => Read("draft.json");

    /// <summary>Waits until a text was saved.</summary>
    public void UntilSaved(string text) =>
        Lab.Until($"'{text}' in the draft", TimeSpan.FromSeconds(20), () => Draft().Contains(text, StringComparison.Ordinal));

    /// <summary>The process that holds the wizard; null when none does.</summary>
    public int? Holder() =>
        int.TryParse(Read("holder").Split('\n')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Sends a signal to the wizard.</summary>
    public void Signal(string signal)
    {
        var holder = Holder();
        Assert.NotNull(holder);
        Lab.Local("kill", "-s", signal, holder.Value.ToString(CultureInfo.InvariantCulture)).Expect(0);
    }

    public void Dispose() => leash.Dispose();

    private static string Program()
    {
        var path = Path.Combine(Environment.GetEnvironmentVariable("GATEHOUSE_OUT") ?? Path.Combine(Lab.Root(), "out"), "gatehouse");
        return File.Exists(path) ? path : throw new InvalidOperationException("there is no out/gatehouse: run ./build.sh build");
    }

    private string Read(string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "root/var/lib/gatehouse/setup", name));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
