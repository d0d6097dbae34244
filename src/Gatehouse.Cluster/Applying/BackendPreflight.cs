using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Npgsql;

namespace Gatehouse.Cluster.Applying;

/// <summary>
/// Speaks to the services that are to take the place of the cluster's, before anything is changed: whether each answers in its own
/// protocol, and takes the login that was given. Every one that does not is told.
/// </summary>
internal static class BackendPreflight
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What is wrong with the services, as errors; none when all answer.</summary>
    /// <param name="settings">Which there are.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<ImmutableArray<Finding>> JudgeAsync(BackendSettings settings, CancellationToken ct)
    {
        var problems = await Task.WhenAll(settings.External.Select(s => ProblemAsync(s, ct)));
        return
        [
            .. settings
                .External.Zip(problems)
                .Where(p => p.Second is not null)
                .Select(p => new Finding(
                    Severity.Error,
                    "service-unusable",
                    p.First.Path,
                    $"{Name(p.First)} at {p.First.Place}: {p.Second}",
                    null
                )),
        ];
    }

    /// <summary>Refuses to go on while one of the services will not do.</summary>
    /// <exception cref="SequenceException">One does not answer, or not as it should.</exception>
    public static async Task RequireAsync(BackendSettings settings, CancellationToken ct)
    {
        var findings = await JudgeAsync(settings, ct);
        if (!findings.IsEmpty)
            throw new SequenceException(
                ExitCodes.Refused,
                string.Join(
                    '\n',
                    findings
                        .Select(f => $"{f.Path}: {f.Message}")
                        .Append("Nothing was changed. Mend that, or take the answer away: then the cluster's own is used.")
                )
            );
    }

    private static string Name(ExternalService service) =>
        service.Kind switch
        {
            ServiceKind.Redis => "Redis",
            ServiceKind.Queue when service.Place.Port == 4369 => "the port mapper of a message queue",
            ServiceKind.Queue => "the message queue",
            ServiceKind.Database => "the application database",
            ServiceKind.Search => "the search server",
            _ => "the session cache",
        };

    private static async Task<string?> ProblemAsync(ExternalService service, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(service.Place.Host, service.Place.Port, limit.Token);
            await using var stream = new NetworkStream(socket);
            return service.Kind switch
            {
                ServiceKind.Redis => await RedisAsync(stream, service, limit.Token),
                ServiceKind.Queue when service.Place.Port == 4369 => await MapperAsync(stream, limit.Token),
                ServiceKind.Queue => await QueueAsync(stream, service, limit.Token),
                ServiceKind.Database => await DatabaseAsync(stream, service, limit.Token),
                ServiceKind.Search when service.Place.Port == 9312 => await SayAsync(stream, [0, 0, 0, 1], limit.Token) is [0, 0, 0, 1, ..]
                    ? null
                    : "it does not answer as Sphinx's API does.",
                // The greeting of MySQL's protocol, version 10.
                ServiceKind.Search => await SayAsync(stream, [], limit.Token) is [_, _, _, 0, 10, ..]
                    ? null
                    : "it does not greet in MySQL's protocol, as SphinxQL does.",
                _ => Text(await SayAsync(stream, "version\r\n"u8.ToArray(), limit.Token)).StartsWith("VERSION ", StringComparison.Ordinal)
                    ? null
                    : "it does not answer as memcached does.",
            };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds:0} s. Check host and port, "
                + "and whether a firewall between lets this host come.";
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.HostNotFound)
        {
            return "there is no host of this name.";
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
        {
            return $"{e.Message.TrimEnd('.')}. Check host and port, and whether the service runs.";
        }
    }

    private static async Task<string?> RedisAsync(Stream stream, ExternalService service, CancellationToken ct)
    {
        if (service.Password?.Value is { } password)
        {
            // As an array of byte strings (RESP): nothing in a password can be mistaken for the end of it.
            var bytes = Encoding.UTF8.GetBytes(password.Reveal());
            var said = Text(
                await SayAsync(stream, [.. Encoding.ASCII.GetBytes($"*2\r\n$4\r\nAUTH\r\n${bytes.Length}\r\n"), .. bytes, .. "\r\n"u8], ct)
            );
            if (!said.StartsWith("+OK", StringComparison.Ordinal))
                return "it does not take the password.";
        }

        var answer = Text(await SayAsync(stream, "PING\r\n"u8.ToArray(), ct));
        return answer.StartsWith("+PONG", StringComparison.Ordinal) ? null
            // It has a password, which this node does not get.
            : answer.StartsWith("-NOAUTH", StringComparison.Ordinal) && service.Password is { Source: PasswordSource.Sealed } ? null
            : answer.StartsWith("-NOAUTH", StringComparison.Ordinal) ? "it asks for a password; give it as redis_password."
            : "it does not answer as Redis does.";
    }

    // The port mapper of Erlang: NAMES_REQ, answered with its own port and a line for each node.
    private static async Task<string?> MapperAsync(Stream stream, CancellationToken ct)
    {
        var said = await SayAsync(stream, [0, 1, (byte)'n'], ct);
        if (said.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(said) != 4369)
            return "it does not answer as Erlang's port mapper does.";
        return Text([.. said, .. await SayAsync(stream, [], ct)]).Contains("name rabbit at port", StringComparison.Ordinal)
            ? null
            : "it knows of no RabbitMQ on its host.";
    }

    private static async Task<string?> QueueAsync(Stream plain, ExternalService service, CancellationToken ct)
    {
        var stream = plain;
        var isTls = service.Place.Port == 5671;
        if (isTls)
        {
            // Whose certificate it is, is for whoever uses it: here nothing secret is said to it.
            var tls = new SslStream(plain, false, (_, _, _, errors) => errors != SslPolicyErrors.RemoteCertificateNotAvailable);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = service.Place.Host }, ct);
            stream = tls;
        }

        var start = await SayAsync(stream, [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 0, 9, 1], ct);
        if (!IsMethod(start, 10))
            return "it does not speak AMQP 0-9-1.";
        if (isTls || service.User.Length == 0 || service.Password?.Value is not { } password)
            return null;
        var login = Encoding.UTF8.GetBytes($"\0{service.User}\0{password.Reveal()}");
        var size = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, login.Length);
        byte[] method = [0, 10, 0, 11, 0, 0, 0, 0, 5, .. "PLAIN"u8, .. size, .. login, 5, .. "en_US"u8];
        BinaryPrimitives.WriteInt32BigEndian(size, method.Length);
        return IsMethod(await SayAsync(stream, [1, 0, 0, .. size, .. method, 0xce], ct), 30)
            ? null
            : $"it does not take the login of {service.User}.";
    }

    // A frame of a method of class connection.
    private static bool IsMethod(byte[] frame, byte method) => frame is [1, 0, 0, _, _, _, _, 0, 10, 0, var is_, ..] && is_ == method;

    private static async Task<string?> DatabaseAsync(Stream stream, ExternalService service, CancellationToken ct)
    {
        // SSLRequest, which both PostgreSQL and PgBouncer answer with one letter.
        if (await SayAsync(stream, [0, 0, 0, 8, 4, 210, 22, 47], ct) is not [(byte)'S' or (byte)'N'])
            return "it does not answer as PostgreSQL does.";
        if (service.User.Length == 0 || service.Password?.Value is not { } password)
            return null;
        var login = new NpgsqlConnectionStringBuilder
        {
            Host = service.Place.Host,
            Port = service.Place.Port,
            Username = service.User,
            Password = password.Reveal(),
            Database = service.User,
            Timeout = (int)Patience.TotalSeconds,
            Pooling = false,
            SslMode = SslMode.Prefer,
        };
        try
        {
            await using var connection = new NpgsqlConnection(login.ConnectionString);
            await connection.OpenAsync(ct);
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            // The login was taken; which database it is for, is the application's business.
            return null;
        }
        catch (PostgresException e)
        {
            return $"it does not take the login of {service.User}: {e.MessageText}.";
        }
        catch (NpgsqlException e)
        {
            return $"{e.Message.TrimEnd('.')}.";
        }
    }

    private static async Task<byte[]> SayAsync(Stream stream, byte[] words, CancellationToken ct)
    {
        if (words.Length > 0)
            await stream.WriteAsync(words, ct);
        var buffer = new byte[8192];
        return buffer[..await stream.ReadAsync(buffer, ct)];
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
