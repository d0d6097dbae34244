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
    /// <exception cref="RegistryException">The code is unknown, of another cluster, expired, ended, used, its secret wrong, or name or address are taken.</exception>
    /// <exception cref="StaleEpochException">Another node is the issuer now.</exception>
    public async Task<RedeemedCode> RedeemAsync(long epoch, RedeemRequest request, Func<StoredVerifier, bool> isSecret, Func<AdmittedNode, IssuedCertificate> sign, CancellationToken ct = default)
    {
        // The database lets one in after the other anyway; a crowd waiting there would take all connections from everybody else.
        await redeeming.WaitAsync(ct);
        try
        {
            return await RedeemAloneAsync(epoch, request, isSecret, sign, ct);
        }
        finally
        {
            redeeming.Release();
        }
    }

    private Task<RedeemedCode> RedeemAloneAsync(long epoch, RedeemRequest request, Func<StoredVerifier, bool> isSecret, Func<AdmittedNode, IssuedCertificate> sign, CancellationToken ct) =>
        UseAsync(connection => MarkAsync(epoch, async () =>
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var code = await TakeAsync(connection, epoch, request, ct)
                ?? throw new RegistryException(RegistryFailure.UnknownCode, "this cluster does not know the code; check it, or ask for a new one: gatehouse invite");
            if (!isSecret(code.Secret))
            {
                var left = await ScalarOnAsync<int>(connection, new("SELECT gatehouse.count_wrong_secret($1, $2, $3)", epoch, request.CodeId, request.From), ct);
                await transaction.CommitAsync(ct);
                throw new RegistryException(RegistryFailure.WrongSecret, string.Create(CultureInfo.InvariantCulture,
                    $"the code is wrong; check it ({left} more wrong ones and it cannot be used any more)"));
            }

            if (code.Node is { } given && code.Certificate is { } known && code.UsedBy == request.KeyHash)
                return new RedeemedCode(given, code.Name, code.Profile, known, Again: true);
            Refuse(code);
            var place = request.Place;
            var number = await ScalarOnAsync<int>(connection, new("SELECT gatehouse.admit_node($1, $2, $3::inet, $4, $5)", epoch, request.CodeId, place.Address.ToString(), place.Port, place.Location), ct);
            var signed = sign(new AdmittedNode(number, code.Name, code.Profile, place.Address));
            if (signed.KeyHash != request.KeyHash) throw new RegistryException(RegistryFailure.Invalid, "the certificate that was signed is not for the key of the host that asked");
            await ScalarOnAsync<object>(connection, new("SELECT gatehouse.finish_code($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                epoch, request.CodeId, number, request.From, signed.Serial, signed.KeyHash, signed.Pem, signed.NotBefore, signed.NotAfter), ct);
            await transaction.CommitAsync(ct);
            return new RedeemedCode(number, code.Name, code.Profile, signed.Pem, Again: false);
        }), ct);

    /// <summary>Only who knows the secret learns what became of the code.</summary>
    private static void Refuse(TakenCode code)
    {
        if (code.Used is { } used)
            throw new RegistryException(RegistryFailure.CodeUsed, $"this code was used on {used.ToWords()} from {code.UsedFrom}. If that was somebody else, or this host and what it got is lost: 'gatehouse node remove {code.Name}' on a member takes it back, and 'gatehouse invite {code.Name}' makes a new code");
        if (code.Ended is { } ended)
            throw new RegistryException(RegistryFailure.CodeEnded, $"this code ended on {ended.ToWords()}: {code.Why}; ask for a new one: gatehouse invite {code.Name}");
        if (code.Expired)
            throw new RegistryException(RegistryFailure.CodeExpired, $"this code expired on {code.Expires.ToWords()}; ask for a new one: gatehouse invite {code.Name}");
    }

    private static async Task<TakenCode?> TakeAsync(NpgsqlConnection connection, long epoch, RedeemRequest request, CancellationToken ct)
    {
        await using var command = new Statement("""
            SELECT verifier, node_name, profile, expires, expired, used, used_from, used_by, ended, why, certificate, node
            FROM gatehouse.take_code($1, $2, $3)
            """, epoch, request.ClusterId, request.CodeId).On(connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        return new TakenCode(new(reader.GetFieldValue<byte[]>(0)), reader.GetString(1), reader.GetString(2), reader.Time(3), reader.GetBoolean(4),
            reader.TimeOrNull(5), reader.TextOrNull(6), reader.TextOrNull(7), reader.TimeOrNull(8), reader.GetString(9), reader.TextOrNull(10), reader.IsDBNull(11) ? null : reader.GetInt32(11));
    }

    private sealed record TakenCode(
        StoredVerifier Secret, string Name, string Profile, DateTimeOffset Expires, bool Expired, DateTimeOffset? Used, string? UsedFrom, string? UsedBy,
        DateTimeOffset? Ended, string Why, string? Certificate, int? Node);
}
