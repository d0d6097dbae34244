using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>Teaches rspamd of this host what a message is.</summary>
internal static partial class Learning
{
    private const string Controller = "/etc/rspamd/local.d/worker-controller.inc";
    private const string Address = "http://127.0.0.1:11334";
    private const int AlreadyKnown = 208;

    // rspamd's min_learns.
    private const int Least = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Teaches it.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="store">The quarantine.</param>
    /// <param name="message">The message.</param>
    /// <param name="kind">ham or spam.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<QuarantineAnswer> RunAsync(
        LocalMachine machine,
        QuarantineStore store,
        StoredMessage message,
        string kind,
        CancellationToken ct
    )
    {
        // rspamd's own client takes the password on its command line, where every user sees it.
        var settings =
            await machine.ReadAsync(Controller, ct) ?? throw new MachineException($"{Controller} is missing; 'gatehouse apply' writes it.");
        var password = Password().Match(System.Text.Encoding.UTF8.GetString(settings.Bytes.Span)) is { Success: true } found
            ? found.Groups[1].Value
            : throw new MachineException($"{Controller} holds no password.");
        // The password is for rspamd alone, whatever proxy the administrator's environment names.
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Limit };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Password", password);
        var id = message.Message.Id;
        try
        {
            // rspamd reports success also for a message that it skipped; its own count of what it learned does not.
            var before = await CountAsync(client, ct);
            using var content = new StreamContent(store.Open(message));
            using var response = await client.PostAsync(new Uri($"{Address}/learn{kind}"), content, ct);
            var text = StrangerText.Of(await response.Content.ReadAsStringAsync(ct), 300);
            if ((int)response.StatusCode == AlreadyKnown)
                return QuarantineAnswer.Ok($"{id} was learned as {kind} before.");
            if (response.StatusCode == HttpStatusCode.NoContent)
                return QuarantineAnswer.Failed($"rspamd learned nothing from {id}: {StrangerText.Of(response.ReasonPhrase ?? "", 300)}");
            if (!response.IsSuccessStatusCode || text.Contains("\"error\"", StringComparison.Ordinal))
                return QuarantineAnswer.Failed($"rspamd did not learn {id}: {text}");
            return await CountAsync(client, ct) > before
                ? QuarantineAnswer.Ok(
                    $"{id} has been learned as {kind}. rspamd uses what it has learned from {Least} messages of each kind on."
                )
                : QuarantineAnswer.Failed($"rspamd accepted {id} but learned nothing from it. It skips test messages such as GTUBE.");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return QuarantineAnswer.Failed($"rspamd cannot be asked: {e.Message}");
        }
    }

    // How many messages rspamd has learned since it was installed.
    private static async Task<long> CountAsync(HttpClient client, CancellationToken ct)
    {
        using var document = JsonDocument.Parse(await client.GetStringAsync(new Uri($"{Address}/stat"), ct));
        return document.RootElement.TryGetProperty("learned", out var learned) && learned.TryGetInt64(out var count) ? count : 0;
    }

    [GeneratedRegex("^password = \"([^\"]*)\";", RegexOptions.Multiline)]
    private static partial Regex Password();
}
