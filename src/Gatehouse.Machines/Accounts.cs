namespace Gatehouse.Machines;

/// <summary>Users and groups of a machine, from its passwd and group files.</summary>
internal sealed class Accounts
{
    private readonly Dictionary<string, uint> users;
    private readonly Dictionary<string, uint> groups;
    private readonly Dictionary<uint, string> userNames;
    private readonly Dictionary<uint, string> groupNames;

    /// <summary>Reads the texts of passwd(5) and group(5).</summary>
    public Accounts(string passwd, string group)
    {
        users = Read(passwd);
        groups = Read(group);
        userNames = Reverse(users);
        groupNames = Reverse(groups);
    }

    public uint? User(string name) => users.TryGetValue(name, out var id) ? id : null;

    public uint? Group(string name) => groups.TryGetValue(name, out var id) ? id : null;

    public string UserName(uint id) => userNames.GetValueOrDefault(id) ?? $"{id}";

    public string GroupName(uint id) => groupNames.GetValueOrDefault(id) ?? $"{id}";

    private static Dictionary<string, uint> Read(string text)
    {
        var entries = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            var parts = line.Split(':');
            if (parts.Length > 2 && uint.TryParse(parts[2], out var id))
                entries.TryAdd(parts[0], id);
        }

        return entries;
    }

    private static Dictionary<uint, string> Reverse(Dictionary<string, uint> entries)
    {
        var names = new Dictionary<uint, string>();
        foreach (var (name, id) in entries)
            names.TryAdd(id, name);
        return names;
    }
}
