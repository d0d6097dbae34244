using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;

namespace Gatehouse.Machines;

/// <summary>A file that is to belong to a user or group which was not there yet when it was put in place.</summary>
/// <param name="Path">The file.</param>
/// <param name="User">Its user.</param>
/// <param name="Group">Its group.</param>
/// <param name="Mode">Its mode.</param>
public sealed record PendingOwner(string Path, string User, string Group, int Mode);

/// <summary>
/// Owners that a restore owes: packages bring users and groups, so they are given once an apply has installed those. Kept on disk, because
/// the apply may have to be repeated with other answers.
/// </summary>
/// <param name="machine">The host.</param>
public sealed class PendingOwners(IMachine machine)
{
    /// <summary>Where they are kept.</summary>
    public const string Home = "/var/lib/gatehouse/pending-owners";

    /// <summary>Remembers owners, in place of all before.</summary>
    public async Task SetAsync(IEnumerable<PendingOwner> owners, CancellationToken ct)
    {
        var text = string.Concat(
            owners.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.User}\t{o.Group}\t{o.Mode:x}\t{o.Path}\n"))
        );
        if (text.Length == 0)
            await machine.RemoveAsync(Home, ct);
        else
            await machine.WriteAsync(Home, new Item(EntryKind.File, Ownership.Private, new FileContent(Encoding.UTF8.GetBytes(text))), ct);
    }

    /// <summary>Gives them, once.</summary>
    /// <returns>Files whose user or group is still not there; they belong to root instead.</returns>
    public async Task<ImmutableArray<PendingOwner>> SettleAsync(CancellationToken ct)
    {
        if (await machine.ReadAsync(Home, ct) is not { } kept)
            return [];
        var users = await AccountsAsync(ct);
        var unknown = ImmutableArray.CreateBuilder<PendingOwner>();
        foreach (var line in kept.Text.Split('\n').Select(l => l.Split('\t', 4)).Where(l => l.Length == 4))
        {
            var owner = new PendingOwner(
                line[3],
                line[0],
                line[1],
                int.Parse(line[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            );
            var (hasUser, hasGroup) = (users.User(owner.User) is not null, users.Group(owner.Group) is not null);
            if (!hasUser || !hasGroup)
                unknown.Add(owner);
            if (await machine.ReadAsync(owner.Path, ct) is not { } content)
                continue;
            var given = new Ownership(hasUser ? owner.User : "root", hasGroup ? owner.Group : "root", owner.Mode);
            await machine.WriteAsync(owner.Path, new Item(EntryKind.File, given, content), ct);
        }

        await machine.RemoveAsync(Home, ct);
        return unknown.ToImmutable();
    }

    private async Task<Accounts> AccountsAsync(CancellationToken ct) =>
        new((await machine.ReadAsync("/etc/passwd", ct))?.Text ?? "", (await machine.ReadAsync("/etc/group", ct))?.Text ?? "");
}
