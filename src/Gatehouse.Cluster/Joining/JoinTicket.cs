using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Cluster.Joining;

/// <summary>With what a host joins: where the members are and the code, typed or carried.</summary>
/// <param name="Members">Where members are reached, in the order they are tried.</param>
/// <param name="Code">The join code.</param>
/// <param name="Name">The node name that the code is for; empty when only the issuer knows.</param>
/// <param name="Profile">The profile that the code is for; empty when only the issuer knows.</param>
internal sealed record JoinTicket(ImmutableArray<HostPort> Members, JoinCode Code, string Name, string Profile)
{
    /// <summary>From an address and a code as they were typed.</summary>
    /// <exception cref="SequenceException">One of them will not do.</exception>
    public static JoinTicket Typed(string address, string text)
    {
        if (!HostPort.TryParse(address, MemberTls.Port, out var member))
            throw new SequenceException(ExitCodes.BadInput, $"'{address}' is neither a host name nor an address.");
        if (!JoinCode.TryRead(text, out var code, out var problem))
            throw new SequenceException(ExitCodes.BadInput, $"the join code will not do: {problem}.");
        return new JoinTicket([member], code, "", "");
    }

    /// <summary>From a bundle.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="SequenceException">It cannot be read, was changed, or is of another release.</exception>
    public static JoinTicket Carried(string file)
    {
        var bytes = new byte[JoinBundle.MostBytes + 1];
        int length;
        try
        {
            using var stream = File.OpenRead(file);
            length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SequenceException(ExitCodes.BadInput, $"the bundle {file} cannot be read: {e.Message}", e);
        }

        return JoinBundle.TryRead(bytes.AsSpan(0, length), Release.Version, out var bundle, out var problem)
            ? new JoinTicket(bundle.Members, bundle.Code, bundle.Name, bundle.Profile)
            : throw new SequenceException(ExitCodes.Refused, $"the bundle {file} will not do: {problem}");
    }
}
