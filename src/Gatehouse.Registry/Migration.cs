using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Registry;

/// <summary>One step of the schema: a numbered SQL file, never changed once it was released.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Name">What it is about.</param>
/// <param name="Sql">The statements.</param>
public sealed record Migration(int Number, string Name, string Sql)
{
    private const string Folder = "Migrations/";

    /// <summary>All migrations of this release, in order.</summary>
    public static ImmutableArray<Migration> All { get; } = ReadAll();

    /// <summary>SHA-256 of the statements, in hexadecimal: tells whether a migration is still the one that was applied.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    private static ImmutableArray<Migration> ReadAll()
    {
        var assembly = typeof(Migration).Assembly;
        return
        [
            .. assembly
                .GetManifestResourceNames()
                .Where(n => n.StartsWith(Folder, StringComparison.Ordinal))
                .Select(Read)
                .OrderBy(m => m.Number),
        ];

        Migration Read(string resource)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var words = Path.GetFileNameWithoutExtension(resource).Split('_', 2);
            return new Migration(int.Parse(words[0], CultureInfo.InvariantCulture), words[1], reader.ReadToEnd());
        }
    }
}
