using System.Globalization;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>Using a join code.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>
    /// Takes a join code: the node, its login and its certificate come into being and the code is used up, all or nothing. The
    /// same key with the same secret gets the same answer again. By the issuer; one at a time.
    /// </summary>
    /// <param name="epoch">The epoch that the issuer acts by.</param>
    /// <param name="request">What the host shows.</param>
    /// <param name="isSecret">Compares the host's secret with the verifier, in constant time.</param>
    /// <param name="sign">Signs the certificate; an exception leaves the code as it was.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="RegistryException">The code is unknown, of another cluster, expired, ended, used, its secret wrong, or name or
    /// address are taken.</exception>
    /// <exception cref="StaleEpochException">Another node is the issuer now.</exception>
    public async Task<RedeemedCode> RedeemAsync(
        long epoch,
        RedeemRequest request,
        Func<StoredVerifier, bool> isSecret,
        Func<AdmittedNode, IssuedCertificate> sign,
        CancellationToken ct = default
    )
    {
        return await InTurnAsync(
            epoch,
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var code = await ProveAsync(connection, transaction, epoch, request, isSecret, ct);
                if (code.Again(request) is { } again)
                    return again;
                var number = await AdmitAsync(connection, epoch, request, ct);
                var signed = sign(new AdmittedNode(number, code.Name, code.Profile, request.Place.Address));
                if (signed.KeyHash != request.KeyHash)
                    throw new RegistryException(
                        RegistryFailure.Invalid,
                        "the certificate that was signed is not for the key of the host that asked"
                    );
                await ScalarOnAsync<object>(
                    connection,
                    new(
                        "SELECT gatehouse.finish_code($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        epoch,
                        request.CodeId,
                        number,
                        request.From,
                        signed.Serial,
                        signed.KeyHash,
                        signed.Pem,
                        signed.NotBefore,
                        signed.NotAfter
                    ),
                    ct
                );
                await transaction.CommitAsync(ct);
                return new RedeemedCode(number, code.Name, code.Profile, signed.Pem, Again: false);
            },
            ct
        );
    }

    /// <summary>
    /// Probes a join code: whether it could be redeemed now. Nothing changes but the count of wrong secrets. By the issuer.
    /// </summary>
    /// <param name="epoch">The epoch that the issuer acts by.</param>
    /// <param name="request">What the host shows.</param>
    /// <param name="isSecret">Compares the host's secret with the verifier, in constant time.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="RegistryException">The code is unknown, of another cluster, expired, ended or used, or its secret is
    /// wrong.</exception>
    /// <exception cref="StaleEpochException">Another node is the issuer now.</exception>
    public Task<ProbedCode> ProbeCodeAsync(
        long epoch,
        RedeemRequest request,
        Func<StoredVerifier, bool> isSecret,
        CancellationToken ct = default
    ) =>
        InTurnAsync(
            epoch,
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var code = await ProveAsync(connection, transaction, epoch, request, isSecret, ct);
                var again = code.Again(request);
                var taken = again is null ? await TakenAsync(connection, epoch, request, ct) : null;
                await transaction.RollbackAsync(ct);
                return new ProbedCode(code.Name, code.Profile, again, taken);
            },
            ct
        );

    // The database admits one after the other anyway; a crowd that waits there would take all connections from the rest.
    private async Task<T> InTurnAsync<T>(long epoch, Func<NpgsqlConnection, Task<T>> work, CancellationToken ct)
    {
        await redeeming.WaitAsync(ct);
        try
        {
            return await UseAsync(connection => MarkAsync(epoch, () => work(connection)), ct);
        }
        finally
        {
            redeeming.Release();
        }
    }

    // The code, once its secret is proved. A wrong secret is counted, and the count outlives this transaction.
    private static async Task<TakenCode> ProveAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        long epoch,
        RedeemRequest request,
        Func<StoredVerifier, bool> isSecret,
        CancellationToken ct
    )
    {
        var code =
            await TakeAsync(connection, epoch, request, ct)
            ?? throw new RegistryException(
                RegistryFailure.UnknownCode,
                "this cluster does not know the code; check it, or ask for a new one: gatehouse invite"
            );
        if (!isSecret(code.Secret))
        {
            var left = await ScalarOnAsync<int>(
                connection,
                new("SELECT gatehouse.count_wrong_secret($1, $2, $3)", epoch, request.CodeId, request.From),
                ct
            );
            await transaction.CommitAsync(ct);
            throw new RegistryException(
                RegistryFailure.WrongSecret,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the code is wrong; check it ({left} more wrong ones and it cannot be used any more)"
                )
            );
        }

        if (code.Again(request) is null)
            Refuse(code);
        return code;
    }

    private static Task<int> AdmitAsync(NpgsqlConnection connection, long epoch, RedeemRequest request, CancellationToken ct) =>
        ScalarOnAsync<int>(
            connection,
            new(
                "SELECT gatehouse.admit_node($1, $2, $3::inet, $4, $5)",
                epoch,
                request.CodeId,
                request.Place.Address.ToString(),
                request.Place.Port,
                request.Place.Location
            ),
            ct
        );

    // Why the node cannot be admitted under this name at this address; null when it can.
    private static async Task<string?> TakenAsync(NpgsqlConnection connection, long epoch, RedeemRequest request, CancellationToken ct)
    {
        try
        {
            await AdmitAsync(connection, epoch, request, ct);
            return null;
        }
        catch (PostgresException e) when (Failures.Of(e) is { Failure: RegistryFailure.NameTaken or RegistryFailure.AddressTaken } failure)
        {
            return failure.Message;
        }
    }

    /// <summary>Only who knows the secret learns what became of the code.</summary>
    private static void Refuse(TakenCode code)
    {
        if (code.Used is { } used)
            throw new RegistryException(
                RegistryFailure.CodeUsed,
                $"this code was used on {used.ToWords()} from {code.UsedFrom}. If that was somebody else, or this host and what it got is "
                    + $"lost: 'gatehouse node remove {code.Name}' on a member takes it back, and 'gatehouse invite {code.Name}' makes a "
                    + "new code"
            );
        if (code.Ended is { } ended)
            throw new RegistryException(
                RegistryFailure.CodeEnded,
                $"this code ended on {ended.ToWords()}: {code.Why}; ask for a new one: gatehouse invite {code.Name}"
            );
        if (code.Expired)
            throw new RegistryException(
                RegistryFailure.CodeExpired,
                $"this code expired on {code.Expires.ToWords()}; ask for a new one: gatehouse invite {code.Name}"
            );
    }

    private static async Task<TakenCode?> TakeAsync(NpgsqlConnection connection, long epoch, RedeemRequest request, CancellationToken ct)
    {
        await using var command = new Statement(
            """
            SELECT verifier, node_name, profile, expires, expired, used, used_from, used_by, ended, why, certificate, node
            FROM gatehouse.take_code($1, $2, $3)
            """,
            epoch,
            request.ClusterId,
            request.CodeId
        ).On(connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        return new TakenCode(
            new(reader.GetFieldValue<byte[]>(0)),
            reader.GetString(1),
            reader.GetString(2),
            reader.Time(3),
            reader.GetBoolean(4),
            reader.TimeOrNull(5),
            reader.TextOrNull(6),
            reader.TextOrNull(7),
            reader.TimeOrNull(8),
            reader.GetString(9),
            reader.TextOrNull(10),
            reader.IsDBNull(11) ? null : reader.GetInt32(11)
        );
    }

    private sealed record TakenCode(
        StoredVerifier Secret,
        string Name,
        string Profile,
        DateTimeOffset Expires,
        bool Expired,
        DateTimeOffset? Used,
        string? UsedFrom,
        string? UsedBy,
        DateTimeOffset? Ended,
        string Why,
        string? Certificate,
        int? Node
    )
    {
        /// <summary>What this host got for the code before, if its answer was lost: the key says that it is the same one.</summary>
        public RedeemedCode? Again(RedeemRequest request) =>
            Node is { } number && Certificate is { } known && UsedBy == request.KeyHash
                ? new RedeemedCode(number, Name, Profile, known, Again: true)
                : null;
    }
}
