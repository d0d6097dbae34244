using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Verifying;

/// <summary>A message of verification as it left the gateway.</summary>
/// <param name="text">Headers and body, lines ended by a line feed.</param>
public sealed class ArrivedMessage(string text)
{
    private readonly string headers = Regex.Replace(text.ReplaceLineEndings("\n").Split("\n\n")[0], "\n[ \t]+", " ");

    /// <summary>The domains that signed it (RFC 6376, tag d).</summary>
    public ImmutableArray<string> Signatures =>
        [
            .. headers
                .Split('\n')
                .Where(l => l.StartsWith("DKIM-Signature:", StringComparison.OrdinalIgnoreCase))
                .Select(l => Regex.Match(l, @"[;\s]d=([^;\s]+)").Groups[1].Value),
        ];

    /// <summary>What the scanners made of it, by the header that tells.</summary>
    /// <param name="parameters">The conversation: <c>header</c>.</param>
    public string Verdict(IReadOnlyDictionary<string, string> parameters) =>
        parameters.TryGetValue("header", out var header)
        && Regex.Match(headers, $"(?im)^{Regex.Escape(header)}:[^,]*,\\s*(.+?)\\s*$") is { Success: true } match
            ? match.Groups[1].Value
            : "no verdict";

    /// <summary>What is wrong with it; null when it is as the conversation wants it.</summary>
    /// <param name="parameters">The conversation: <c>signed</c> and <c>header</c>.</param>
    public string? Problem(IReadOnlyDictionary<string, string> parameters)
    {
        var wanted = parameters.TryGetValue("signed", out var domain) ? domain : "";
        var signed = string.Join(", ", Signatures);
        if (wanted.Length == 0 && signed.Length > 0)
            return $"the message should leave without a DKIM signature, but {signed} signed it: anybody could send mail in the name of "
                + $"that domain";
        if (wanted.Length > 0 && !Signatures.Contains(wanted))
            return $"the message should leave with a DKIM signature of {wanted}, but "
                + $"{(signed.Length == 0 ? "has none" : $"has one of {signed}")}";
        return
            parameters.TryGetValue("header", out var header)
            && !headers.Split('\n').Any(l => l.StartsWith(header + ":", StringComparison.OrdinalIgnoreCase))
            ? $"the message left without the header {header}, so it was not scanned"
            : null;
    }
}
