using Npgsql;

namespace Gatehouse.Registry;

/// <summary>A statement and the values of its <c>$1</c>, <c>$2</c> and so on.</summary>
internal sealed record Statement(string Sql, params object?[] Values)
{
    /// <summary>Adds the values to a command or a command of a batch.</summary>
    public void Bind(NpgsqlParameterCollection parameters)
    {
        foreach (var value in Values)
        {
            parameters.Add(
                new NpgsqlParameter
                {
                    // A time with an offset is refused by the driver, and means the same moment without.
                    Value = value switch
                    {
                        null => DBNull.Value,
                        DateTimeOffset t => t.ToUniversalTime(),
                        ReadOnlyMemory<byte> m => m.ToArray(),
                        _ => value,
                    },
                }
            );
        }
    }

    /// <summary>The statement on a connection.</summary>
    public NpgsqlCommand On(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(Sql, connection);
        Bind(command.Parameters);
        return command;
    }
}
