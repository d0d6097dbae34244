using System.Globalization;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>Reads columns as the types of Core.</summary>
internal static class Columns
{
    /// <summary>A time.</summary>
    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => row.GetFieldValue<DateTimeOffset>(column);

    /// <summary>A time that may be missing.</summary>
    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    /// <summary>A text that may be missing.</summary>
    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>A word of the database as the member of an enumeration that has the same name.</summary>
    public static T Word<T>(this NpgsqlDataReader row, int column)
        where T : struct, Enum => Enum.Parse<T>(row.GetString(column), ignoreCase: true);

    /// <summary>The member of an enumeration as the database writes it.</summary>
    public static string ToWord<T>(this T value)
        where T : struct, Enum => value.ToString().ToLower(CultureInfo.InvariantCulture);

    /// <summary>A time as administrators read it.</summary>
    public static string ToWords(this DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
