namespace Gatehouse.Machines;

/// <summary>Why a host could not be reached by SSH.</summary>
public enum SshFailure
{
    /// <summary>Its key is in no known_hosts file.</summary>
    UnknownKey,

    /// <summary>It shows another key than the known one. Never to be passed over.</summary>
    ChangedKey,

    /// <summary>It does not let us in.</summary>
    Denied,

    /// <summary>It does not answer, or has no such name, or something else that ssh tells.</summary>
    Unreachable,
}

/// <summary>A host could not be reached by SSH.</summary>
/// <param name="failure">Why.</param>
/// <param name="message">What is wrong, and what to do.</param>
public sealed class SshException(SshFailure failure, string message) : MachineException(message)
{
    /// <summary>Why.</summary>
    public SshFailure Failure { get; } = failure;

    /// <summary>What the client of OpenSSH means with what it prints when it exits with 255.</summary>
    /// <param name="error">Its standard error, in English (LC_ALL=C).</param>
    public static SshFailure Classify(string error)
    {
        // A changed key prints the words of an unknown one as well.
        if (Has("IDENTIFICATION HAS CHANGED") || Has("is marked as revoked") || Has("HOST KEY REVOKED"))
            return SshFailure.ChangedKey;
        if (Has("host key is known for") || Has("Host key verification failed"))
            return SshFailure.UnknownKey;
        return Has("Permission denied") || Has("Too many authentication failures") ? SshFailure.Denied : SshFailure.Unreachable;

        bool Has(string words) => error.Contains(words, StringComparison.Ordinal);
    }

    /// <summary>Tells what ssh printed when it could not connect.</summary>
    /// <param name="destination">Whom it was to reach.</param>
    /// <param name="error">Its standard error.</param>
    public static SshException Of(string destination, string error)
    {
        var failure = Classify(error);
        var last = PlainLine.Of(
            error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("ssh printed nothing")
        );
        return new SshException(
            failure,
            failure switch
            {
                SshFailure.UnknownKey => $"the host key of {destination} is not known here.",
                SshFailure.ChangedKey =>
                    $"{destination} presents a different host key from the known one. Either the host was reinstalled, or "
                        + "someone intercepts the connection. Nothing was sent. Compare the key on its console; only if it is the "
                        + $"right host, remove the old key{Where(error)}.",
                SshFailure.Denied => $"{destination} rejects the SSH login: {last} Add the public key of root on this host to its "
                    + "~/.ssh/authorized_keys, or use an agent.",
                _ => $"{destination} cannot be reached by SSH: {last}",
            }
        );
    }

    // ssh names the line that holds the old key: 'Offending ED25519 key in FILE:LINE'.
    private static string Where(string error)
    {
        const string words = "Offending ";
        var line = error
            .Split('\n', StringSplitOptions.TrimEntries)
            .FirstOrDefault(l => l.StartsWith(words, StringComparison.Ordinal) && l.Contains(" key in ", StringComparison.Ordinal));
        return line is null
            ? " with 'ssh-keygen -R'"
            : $", line {line[(line.LastIndexOf(':') + 1)..]} of "
                + $"{PlainLine.Of(line[(line.IndexOf(" key in ", StringComparison.Ordinal) + 8)..line.LastIndexOf(':')])}";
    }
}
