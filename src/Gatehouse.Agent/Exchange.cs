using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent;

/// <summary>A request was refused; the caller is told why.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">A stable name.</param>
/// <param name="message">What is wrong and what to do.</param>
internal sealed class RefusedException(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public Refusal Refusal { get; } = new(code, message);
}

/// <summary>Reads and answers requests: JSON in, JSON out, nothing larger than a message may be.</summary>
internal static class Exchange
{
    private const string PeerItem = "gatehouse.peer";

    /// <summary>Notes on a connection who has called.</summary>
    public static void Note(ConnectionContext connection, PeerCertificate peer) => connection.Items[PeerItem] = peer;

    /// <summary>The member that calls, judged by what is trusted now: the connection may be older than a revocation.</summary>
    /// <exception cref="RefusedException">No member calls.</exception>
    public static NodeIdentity Member(HttpContext context, TrustStore trust, DateTimeOffset now)
    {
        var peer = Peer(context);
        return Trusted(trust.Judge(peer.Leaf, peer.Extra, now, Purpose.Client));
    }

    /// <summary>The member that asks for its next certificate, and the one that it shows, which may have ended.</summary>
    /// <exception cref="RefusedException">No member calls.</exception>
    public static (NodeIdentity Caller, X509Certificate2 Shown) Renewing(HttpContext context, TrustStore trust, DateTimeOffset now)
    {
        var peer = Peer(context);
        return (Trusted(trust.JudgeForRenewal(peer.Leaf, peer.Extra, now)), peer.Leaf);
    }

    private static PeerCertificate Peer(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(PeerItem, out var item) == true && item is PeerCertificate peer
            ? peer
            : throw new RefusedException(
                StatusCodes.Status401Unauthorized,
                "no-certificate",
                "only members of the cluster are answered; call with a node certificate."
            );

    private static NodeIdentity Trusted(Judgement judgement) =>
        judgement.IsTrusted
            ? judgement.Identity
            : throw new RefusedException(StatusCodes.Status403Forbidden, judgement.Finding.Code, judgement.Finding.Message);

    /// <summary>Reads a message.</summary>
    /// <exception cref="RefusedException">It is none.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> kind)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, kind, context.RequestAborted)
                ?? throw new JsonException("nothing");
        }
        catch (JsonException)
        {
            throw new RefusedException(
                StatusCodes.Status400BadRequest,
                "no-message",
                "that is not a message of this kind; is the same release on both sides?"
            );
        }
    }

    /// <summary>Answers with a message.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T message, JsonTypeInfo<T> kind, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message, kind), context.RequestAborted);
    }
}
