using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using SealedSecret = Gatehouse.Registry.SealedSecret;

namespace Gatehouse.Cluster.Membership;

/// <summary>Passwords in the cluster's answers travel sealed: what an answer names on one node, a file or a variable, is not there on
/// another.</summary>
internal static class SecretSealer
{
    /// <summary>
    /// Seals every password of the answers that is known by value, and names it in its place. What is for duties that this node
    /// does not have is unread so far; a file that it names is read here, for it is on no other node.
    /// </summary>
    /// <param name="machine">Where files are.</param>
    /// <param name="screens">Which answers are passwords.</param>
    /// <param name="cluster">The cluster's answers.</param>
    /// <param name="settings">What they resolve to on this node.</param>
    /// <param name="key">The encryption key.</param>
    /// <param name="suffix">What makes the names new: an earlier version goes on naming its own secrets.</param>
    public static (Answers Answers, ImmutableArray<SealedSecret> Secrets) Seal(
        LocalMachine machine,
        ScreenSet screens,
        Answers cluster,
        GatewaySettings settings,
        EncryptionKey key,
        string suffix
    )
    {
        var answers = cluster;
        var secrets = ImmutableArray.CreateBuilder<SealedSecret>();
        foreach (var field in screens.Fields.Where(f => f.Kind.IsSecret))
        {
            if (answers[field.Path] is not { } node || node is Mapping { Entries: [{ Key: "sealed" or "hash" or "generate" }] })
                continue;
            var given = settings.Passwords.GetValueOrDefault(field.Path) is { Source: PasswordSource.Given } known ? known.Value : null;
            if ((given ?? Unread(machine, node)) is not { } secret)
                continue;
            var name = field.Path + suffix;
            secrets.Add(
                new SealedSecret(name, key.Id, Sealed.Seal(key, name, secret, RandomNumberGenerator.GetBytes(Sealed.NonceBytes)).ToString())
            );
            answers = answers with { Values = answers.Values.SetItem(field.Path, Reference(name)) };
        }

        return (answers, secrets.ToImmutable());
    }

    /// <summary>Opens a secret.</summary>
    /// <exception cref="SequenceException">It cannot be opened with this key.</exception>
    public static Secret Open(string name, string text, EncryptionKey key)
    {
        if (!Sealed.TryRead(text, out var read, out var problem) || !read.TryOpen(key, name, out Secret? secret, out problem))
            throw new SequenceException(ExitCodes.Failed, $"the cluster's secret {name} cannot be opened: {problem}.");
        return secret;
    }

    // Null when there is nothing to seal: a node that has the duty says what is wrong with it. One that is written plainly never stays so.
    private static Secret? Unread(LocalMachine machine, Node node)
    {
        if (node is Scalar { Text.Length: > 0 } plain)
            return new Secret(plain.Text);
        if (node is not Mapping { Entries: [{ Key: "file" or "env", Value: Scalar path } only] })
            return null;
        var kind = only.Key == "file" ? WantedKind.File : WantedKind.Variable;
        var wanted = new Wanted(kind, path.Text, "", path.Origin);
        if (
            !WantedReader.Read([wanted], machine, null).TryGetValue((kind, path.Text), out var found)
            || found is not { OwnerOnly: true, Content: { } bytes }
        )
            return null;
        var text = Encoding.UTF8.GetString(bytes.AsSpan()).TrimEnd('\n', '\r');
        return text.Length > 0 ? new Secret(text) : null;
    }

    private static Mapping Reference(string name)
    {
        var origin = new Origin("cluster", 1, 1);
        return new Mapping(origin, [new Entry("sealed", origin, new Scalar(origin, name, true))]);
    }
}
