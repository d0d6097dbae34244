using System.Collections;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>No text, no JSON, no message shows a secret or a piece of one.</summary>
public sealed class CanaryTests
{
    private readonly JoinCode code = JoinCode.Make(Bytes("code", JoinCode.RandomBytes), Pin.Read(Bytes("pin", 16)));
    private readonly MasterToken token = MasterToken.Make(Bytes("token", MasterToken.RandomBytes));
    private readonly EncryptionKey key = EncryptionKey.Make(Bytes("key", EncryptionKey.RandomBytes));

    // Groups of five characters: a piece of that size would show.
    private string[] Canaries =>
        [.. code.Text.Reveal().Split('-')[8..], .. token.Text.Reveal().Split('-')[1..], .. key.Text.Reveal().Split('-')[1..]];

    [Fact]
    public void Things_print_without_their_secrets()
    {
        var made = Sealed.Seal(key, "name", new Secret("hunter2hunter2"), Bytes("nonce", Sealed.NonceBytes));
        object[] things = [code, token, key, code.Secret, code.Text, made, CodeVerifier.Of(code, Bytes("salt", CodeVerifier.SaltBytes))];
        foreach (var thing in things)
        {
            Silent(thing.ToString()!);
            Silent($"{thing}");
            Silent(JsonSerializer.Serialize(thing));
            foreach (var property in thing.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                Silent(Show(property.GetValue(thing)));
        }

        Assert.Equal($"join code {code.Id}", $"{code}");
        Assert.Equal($"master token {token.Id}", $"{token}");
        Assert.Equal($"encryption key {key.Id}", $"{key}");
    }

    [Fact]
    public void Messages_about_mistakes_show_no_secret()
    {
        foreach (var (text, open) in new[] { (code.Text.Reveal(), 8), (token.Text.Reveal(), 0), (key.Text.Reveal(), 0) })
        {
            for (var i = 0; i < text.Length; i++)
            {
                foreach (
                    var mistake in new[]
                    {
                        text.Remove(i, 1),
                        text.Insert(i, "U"),
                        text.Insert(i, "7"),
                        text[..i] + "U" + text[(i + 1)..],
                        text[..i] + (text[i] == '7' ? '8' : '7') + text[(i + 1)..],
                    }
                )
                {
                    JoinCode.TryRead(mistake, out _, out var first);
                    MasterToken.TryRead(mistake, out _, out var second);
                    EncryptionKey.TryRead(mistake, out _, out var third);
                    foreach (var problem in new[] { first, second, third })
                    {
                        Silent(problem);
                        // Nor what is left of a group after the mistake.
                        if (open == 0)
                            Assert.DoesNotContain("'", problem.Replace("other's", "", StringComparison.Ordinal), StringComparison.Ordinal);
                    }
                }
            }
        }
    }

    [Fact]
    public void Exceptions_show_no_secret()
    {
        Exception[] thrown =
        [
            Assert.Throws<ArgumentException>(() => MasterToken.Make(new byte[3])),
            Assert.Throws<ArgumentException>(() => EncryptionKey.Make(new byte[3])),
            Assert.Throws<ArgumentException>(() => JoinCode.Make(new byte[3], code.Pin)),
            Assert.Throws<ArgumentException>(() => CodeVerifier.Of(code, new byte[3])),
            Assert.Throws<ArgumentException>(() => Sealed.Seal(key, "name", new Secret(code.Secret.Reveal()), new byte[3])),
        ];
        Assert.All(thrown, e => Silent(e.ToString()));
    }

    // The same in every run: five random characters may stand anywhere by chance.
    private static byte[] Bytes(string name, int count) => SHA256.HashData(Encoding.UTF8.GetBytes(name))[..count];

    private static string Show(object? value) =>
        value is IEnumerable list and not string ? string.Join(' ', list.Cast<object>()) : $"{value}";

    private void Silent(string text)
    {
        Assert.All(Canaries, c => Assert.DoesNotContain(c, text, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(code.Secret.Reveal(), text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
    }
}
