using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Cluster.Membership;

namespace Gatehouse.Backup;

/// <summary>What stands open at the head of a gateway's backup. Nothing of it is proved before the content was opened.</summary>
/// <param name="Name">The name of the gateway.</param>
/// <param name="Made">When it was made.</param>
/// <param name="Release">The release of Gatehouse that made it.</param>
/// <param name="Generation">The generation that was in force.</param>
/// <param name="HasQuarantine">Whether quarantined messages are in it.</param>
internal sealed record GatewayLabel(string Name, DateTimeOffset Made, string Release, int Generation, bool HasQuarantine);

/// <summary>It is no backup of a gateway, was changed, or does not open with this passphrase.</summary>
internal sealed class SealedFileException(string message) : Exception(message);

/// <summary>
/// A file that only a passphrase opens: an open head of lines, then the content in pieces, each sealed with AES-256-GCM under its number,
/// the head, and whether it is the last one. So no bit can be changed, and no piece left out, moved or added.
/// </summary>
internal static class SealedFile
{
    /// <summary>How a backup of a gateway begins.</summary>
    public const string Mark = "gatehouse-gateway-backup ";

    /// <summary>The fewest characters of a passphrase.</summary>
    public const int LeastPassphrase = 12;

    internal const int Piece = 1 << 20;
    private const string Form = "1";
    private const string Body = "sealed:\n";
    private const int Rounds = 600_000;
    private const int MostRounds = 10_000_000;
    private const int MostHead = 4096;
    private const int TagBytes = 16;
    private const uint Last = 0x8000_0000;

    /// <summary>A stream that seals what is written to it; disposing it writes the last piece.</summary>
    /// <param name="target">Where the file goes.</param>
    /// <param name="label">What it is.</param>
    /// <param name="passphrase">What opens it.</param>
    /// <param name="rounds">Rounds of key derivation; for tests alone.</param>
    public static Stream Write(Stream target, GatewayLabel label, string passphrase, int rounds = Rounds)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var head = Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {Mark}{Form}
                # Backup of the mail gateway {label.Name}. Only its passphrase decrypts it: gatehouse restore FILE
                name: {label.Name}
                made: {label.Made.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}
                release: {label.Release}
                generation: {label.Generation}
                quarantine: {(label.HasQuarantine ? "yes" : "no")}
                salt: {Convert.ToBase64String(salt)}
                rounds: {rounds}
                {Body}
                """
            )
        );
        target.Write(head);
        return new Sealing(target, Key(passphrase, salt, rounds), SHA256.HashData(head));
    }

    /// <summary>Reads the head alone.</summary>
    /// <exception cref="SealedFileException">It is no backup of a gateway.</exception>
    public static GatewayLabel ReadLabel(Stream source) => ReadHead(source).Label;

    /// <summary>A stream of the content. Each piece is proved before any of it is handed out; that the end is there, when the end is
    /// reached.</summary>
    /// <param name="source">The file.</param>
    /// <param name="passphrase">What opens it.</param>
    /// <exception cref="SealedFileException">It is no backup of a gateway; also while the stream is read, when it was changed.</exception>
    public static Stream Open(Stream source, string passphrase)
    {
        var (_, head, salt, rounds) = ReadHead(source);
        return new Opening(source, Key(passphrase, salt, rounds), SHA256.HashData(head));
    }

    private static byte[] Key(string passphrase, byte[] salt, int rounds) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(passphrase), salt, rounds, HashAlgorithmName.SHA256, 32);

    private static (GatewayLabel Label, byte[] Head, byte[] Salt, int Rounds) ReadHead(Stream source)
    {
        var bytes = new List<byte>();
        while (bytes.Count < MostHead && !EndsHead(bytes) && source.ReadByte() is >= 0 and var one)
            bytes.Add((byte)one);
        var head = bytes.ToArray();
        var text = Encoding.UTF8.GetString(head);
        if (!text.StartsWith(Mark, StringComparison.Ordinal))
            throw new SealedFileException("is not the backup of a gateway; 'gatehouse backup FILE' makes one");
        var form = Plain(text[Mark.Length..].Split('\n', 2)[0]);
        if (form != Form)
            throw new SealedFileException(
                $"has backup format {form}, but this release {Release.Version} reads format {Form}; install the release that "
                    + "made it, or a later one"
            );
        var lines = text.Split('\n')
            .Select(l => l.Split(": ", 2))
            .Where(l => l.Length == 2)
            .ToLookup(l => l[0], l => l[1], StringComparer.Ordinal);
        var salt = new byte[16];
        if (
            !EndsHead(bytes)
            || !Convert.TryFromBase64String(lines["salt"].FirstOrDefault(""), salt, out var length)
            || length != salt.Length
            || !int.TryParse(lines["rounds"].FirstOrDefault(""), NumberStyles.None, CultureInfo.InvariantCulture, out var rounds)
            || rounds is < 1 or > MostRounds
            || !DateTimeOffset.TryParse(
                lines["made"].FirstOrDefault(""),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var made
            )
            || !int.TryParse(lines["generation"].FirstOrDefault(""), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
        )
            throw new SealedFileException("was changed or truncated after it was made; use another copy");
        return (
            new GatewayLabel(
                Plain(lines["name"].FirstOrDefault("")),
                made,
                Plain(lines["release"].FirstOrDefault("")),
                generation,
                lines["quarantine"].FirstOrDefault("") == "yes"
            ),
            head,
            salt,
            rounds
        );
    }

    private static bool EndsHead(List<byte> bytes) =>
        bytes.Count > Body.Length && bytes[^1] == '\n' && Encoding.ASCII.GetString([.. bytes.TakeLast(Body.Length + 1)]) == $"\n{Body}";

    // Until it is opened anything can be in the head, and it is shown.
    private static string Plain(string value) => new([.. value.Where(c => !char.IsControl(c)).Take(80)]);

    private static byte[] Nonce(ulong number)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), number);
        return nonce;
    }

    private sealed class Sealing(Stream target, byte[] key, byte[] head) : Stream
    {
        private readonly AesGcm aes = new(key, TagBytes);
        private readonly byte[] piece = new byte[Piece];
        private int filled;
        private ulong number;
        private bool done;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                if (filled == Piece)
                    Emit(last: false);
                var count = Math.Min(buffer.Length, Piece - filled);
                buffer[..count].CopyTo(piece.AsSpan(filled));
                filled += count;
                buffer = buffer[count..];
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing && !done)
            {
                done = true;
                Emit(last: true);
                aes.Dispose();
            }

            base.Dispose(disposing);
        }

        private void Emit(bool last)
        {
            var size = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(size, (uint)filled | (last ? Last : 0));
            var sealedPiece = new byte[filled + TagBytes];
            aes.Encrypt(
                Nonce(number++),
                piece.AsSpan(0, filled),
                sealedPiece.AsSpan(0, filled),
                sealedPiece.AsSpan(filled),
                [.. head, .. size]
            );
            target.Write(size);
            target.Write(sealedPiece);
            filled = 0;
        }
    }

    private sealed class Opening(Stream source, byte[] key, byte[] head) : Stream
    {
        private readonly AesGcm aes = new(key, TagBytes);
        private byte[] piece = [];
        private int read;
        private ulong number;
        private bool isLast;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            while (read == piece.Length)
            {
                if (isLast)
                    return 0;
                Next();
            }

            var count = Math.Min(buffer.Length, piece.Length - read);
            piece.AsSpan(read, count).CopyTo(buffer);
            read += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                aes.Dispose();
            base.Dispose(disposing);
        }

        private void Next()
        {
            var size = new byte[4];
            if (source.ReadAtLeast(size, size.Length, throwOnEndOfStream: false) < size.Length)
                throw new SealedFileException("is truncated; use another copy");
            var value = BinaryPrimitives.ReadUInt32BigEndian(size);
            var length = (int)(value & ~Last);
            if (length > Piece)
                throw Changed();
            var sealedPiece = new byte[length + TagBytes];
            if (source.ReadAtLeast(sealedPiece, sealedPiece.Length, throwOnEndOfStream: false) < sealedPiece.Length)
                throw new SealedFileException("is truncated; use another copy");
            piece = new byte[length];
            read = 0;
            try
            {
                aes.Decrypt(Nonce(number++), sealedPiece.AsSpan(0, length), sealedPiece.AsSpan(length), piece, [.. head, .. size]);
            }
            catch (AuthenticationTagMismatchException)
            {
                piece = [];
                throw number == 1
                    ? new SealedFileException(
                        "cannot be decrypted: the passphrase is wrong, or the file was changed after it was made. Type the "
                            + "passphrase again, or use another copy of the file"
                    )
                    : Changed();
            }

            isLast = (value & Last) != 0;
            if (isLast && source.ReadByte() >= 0)
                throw Changed();
        }

        private static SealedFileException Changed() => new("was changed after it was made; use another copy");
    }
}
