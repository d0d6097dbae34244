using System.Globalization;

namespace Gatehouse.Core.Values;

/// <summary>Owner, group and permission bits of a file.</summary>
/// <param name="User">User name.</param>
/// <param name="Group">Group name.</param>
/// <param name="Mode">Permission bits, such as 0x1A4 for 0644.</param>
public sealed record Ownership(string User, string Group, int Mode)
{
    /// <summary>root:root 0644.</summary>
    public static Ownership Default { get; } = new("root", "root", 0b110_100_100);

    /// <summary>root:root 0600, for what only root may read.</summary>
    public static Ownership Private { get; } = new("root", "root", 0b110_000_000);

    /// <summary>The mode in octal, four digits.</summary>
    public string Octal => Convert.ToString(Mode, 8).PadLeft(4, '0');

    /// <summary>Reads an octal mode such as <c>0640</c>.</summary>
    public static int ParseMode(string octal) =>
        octal.Length is 3 or 4 && octal.All(c => c is >= '0' and <= '7')
            ? octal.Aggregate(0, (sum, c) => (sum * 8) + (c - '0'))
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{octal}' is not an octal mode such as 0640"));

    /// <summary><c>user:group mode</c>.</summary>
    public override string ToString() => $"{User}:{Group} {Octal}";
}
