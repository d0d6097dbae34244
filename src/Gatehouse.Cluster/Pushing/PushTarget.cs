using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Values;

namespace Gatehouse.Cluster.Pushing;

/// <summary>A host that is to join by push, as it was named: <c>[USER@]HOST</c>.</summary>
/// <param name="User">The user to log in as; empty leaves it to ssh's configuration.</param>
/// <param name="Host">Its name or address, or an alias of ssh's configuration.</param>
internal sealed record PushTarget(string User, string Host)
{
    private const int LongestUser = 32;

    /// <summary>The host in full, if it was named so; empty otherwise.</summary>
    public string FullName => Names.TryParse(Host, 2, out var name) ? name : "";

    /// <summary>Reads what was typed. What ssh could take for an option is refused, and so is what a shell could stumble over.</summary>
    /// <exception cref="SequenceException">It names no host.</exception>
    public static PushTarget Read(string text)
    {
        var at = text.LastIndexOf('@');
        var (user, host) = at < 0 ? ("", text) : (text[..at], text[(at + 1)..]);
        var isUser =
            at < 0
            || (
                user.Length is > 0 and <= LongestUser
                && char.IsAsciiLetterOrDigit(user[0])
                && user.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            );
        return isUser && (Names.TryParse(host, 1, out _) || Addresses.TryParse(host, out _))
            ? new PushTarget(user, host)
            : throw new SequenceException(
                ExitCodes.BadInput,
                $"'{text}' names no host; write HOST or USER@HOST. For another port than 22 give the host a 'Port' in ~/.ssh/config."
            );
    }

    /// <summary>As ssh takes it.</summary>
    public override string ToString() => User.Length > 0 ? $"{User}@{Host}" : Host;
}
