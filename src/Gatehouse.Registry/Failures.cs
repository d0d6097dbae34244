using System.Collections.Frozen;
using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>What PostgreSQL, TLS and sockets say, in our words.</summary>
internal static class Failures
{
    private static readonly FrozenDictionary<string, RegistryFailure> States = new Dictionary<string, RegistryFailure>
    {
        ["GH001"] = RegistryFailure.StaleEpoch,
        ["GH002"] = RegistryFailure.Conflict,
        ["GH003"] = RegistryFailure.NameTaken,
        ["GH004"] = RegistryFailure.AddressTaken,
        ["GH005"] = RegistryFailure.ClusterExists,
        ["GH006"] = RegistryFailure.NoCluster,
        ["GH007"] = RegistryFailure.NotAMember,
        ["GH008"] = RegistryFailure.NotFound,
        ["GH009"] = RegistryFailure.NotAllowed,
        ["GH010"] = RegistryFailure.WrongMasterToken,
        ["GH011"] = RegistryFailure.CodeExists,
        ["GH012"] = RegistryFailure.WrongCluster,
        [PostgresErrorCodes.InsufficientPrivilege] = RegistryFailure.NotPermitted,
        [PostgresErrorCodes.UniqueViolation] = RegistryFailure.Conflict,
        [PostgresErrorCodes.SerializationFailure] = RegistryFailure.Conflict,
        [PostgresErrorCodes.DeadlockDetected] = RegistryFailure.Conflict,
        [PostgresErrorCodes.CheckViolation] = RegistryFailure.Invalid,
        [PostgresErrorCodes.NotNullViolation] = RegistryFailure.Invalid,
        [PostgresErrorCodes.ForeignKeyViolation] = RegistryFailure.NotFound,
        [PostgresErrorCodes.NoDataFound] = RegistryFailure.NotFound,
        [PostgresErrorCodes.InvalidTextRepresentation] = RegistryFailure.Invalid,
        [PostgresErrorCodes.InvalidSchemaName] = RegistryFailure.Schema,
        [PostgresErrorCodes.UndefinedTable] = RegistryFailure.Schema,
        [PostgresErrorCodes.UndefinedFunction] = RegistryFailure.Schema,
        [PostgresErrorCodes.UndefinedColumn] = RegistryFailure.Schema,
    }.ToFrozenDictionary();

    /// <summary>Classes of states that pass by themselves or by an administrator's work: connection, read-only, resources, shut down,
    /// system error.</summary>
    private static readonly FrozenSet<string> Passing = FrozenSet.Create("08", "25", "53", "57", "58");

    /// <summary>What went wrong while a statement ran.</summary>
    public static RegistryException Of(NpgsqlException e) =>
        e switch
        {
            PostgresException p when States.TryGetValue(p.SqlState, out var failure) => failure == RegistryFailure.StaleEpoch
                ? new StaleEpochException(p.MessageText, p)
                : new RegistryException(failure, Words(p, failure), p),
            PostgresException p when Passing.Contains(p.SqlState[..2]) => new RegistryUnreachableException(
                $"the registry cannot do it now: {p.MessageText} ({p.SqlState})",
                [],
                p
            ),
            PostgresException p => new RegistryException(
                RegistryFailure.Invalid,
                $"the registry refused it: {p.MessageText} ({p.SqlState})",
                p
            ),
            _ => new RegistryUnreachableException(
                $"the connection to the registry broke: {Why(e)}; whether the change was made is not known, run the command again",
                [],
                e
            ),
        };

    /// <summary>Whether an exception is of a connection that could not be made, and not of a mistake of ours.</summary>
    public static bool IsOfConnecting(Exception e) =>
        e is NpgsqlException or SocketException or TimeoutException or IOException or AuthenticationException;

    /// <summary>Why a connection could not be made.</summary>
    public static string Why(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case AuthenticationException { InnerException: null }:
                    return cause.Message;
                case PostgresException p:
                    return $"it refused: {p.MessageText}";
                case SocketException s:
                    return Socket(s);
                case TimeoutException:
                    return "it did not answer in time";
            }
        }

        return e.GetBaseException().Message;
    }

    private static string Socket(SocketException e) =>
        e.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused: nothing listens there",
            SocketError.HostNotFound or SocketError.NoData or SocketError.NoRecovery or SocketError.TryAgain =>
                "the name cannot be resolved",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
            SocketError.TimedOut => "it did not answer in time",
            SocketError.ConnectionReset => "it closed the connection",
            _ => e.Message,
        };

    private static string Words(PostgresException e, RegistryFailure failure) =>
        failure switch
        {
            RegistryFailure.NotPermitted => $"the registry does not permit this login to do that: {e.MessageText}",
            RegistryFailure.Schema => $"the registry's database is not of this release: {e.MessageText}; upgrade the older side",
            RegistryFailure.Invalid => $"the registry refused a value: {e.MessageText}",
            _ => e.MessageText,
        };
}
