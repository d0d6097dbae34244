using System.Text.RegularExpressions;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;

namespace Gatehouse.Quarantine;

/// <summary>Teaches rspamd of this host what a message is.</summary>
internal static partial class Learning
{
    private const string Controller = "/etc/rspamd/local.d/worker-controller.inc";
    private const int AlreadyKnown = 208;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Teaches it.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="store">The quarantine.</param>
    /// <param name="message">The message.</param>
    /// <param name="kind">ham or spam.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<QuarantineAnswer> RunAsync(LocalMachine machine, QuarantineStore store, StoredMessage message, string kind, CancellationToken ct)
    {
        // rspamd's own client takes the password on its command line, where every user sees it.
        var settings = await machine.ReadAsync(Controller, ct) ?? throw new MachineException($"{Controller} is missing; 'gatehouse apply' writes it.");
        var password = Password().Match(System.Text.Encoding.UTF8.GetString(settings.Bytes.Span)) is { Success: true } found ? found.Groups[1].Value : throw new MachineException($"{Controller} holds no password.");
        // The password is for rspamd alone, whatever proxy the administrator's environment names.
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Limit };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:11334/learn{kind}") { Content = new StreamContent(store.Open(message)) };
        request.Headers.TryAddWithoutValidation("Password", password);
        try
        {
            using var response = await client.SendAsync(request, ct);
            var text = StrangerText.Of(await response.Content.ReadAsStringAsync(ct), 300);
            return (int)response.StatusCode == AlreadyKnown ? QuarantineAnswer.Ok($"{message.Message.Id} was learned as {kind} before.")
                : response.IsSuccessStatusCode && !text.Contains("\"error\"", StringComparison.Ordinal) ? QuarantineAnswer.Ok($"{message.Message.Id} is learned as {kind}.")
                : QuarantineAnswer.Failed($"rspamd did not learn {message.Message.Id}: {text}");
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return QuarantineAnswer.Failed($"rspamd cannot be asked: {e.Message}");
        }
    }

    [GeneratedRegex("^password = \"([^\"]*)\";", RegexOptions.Multiline)]
    private static partial Regex Password();
}
