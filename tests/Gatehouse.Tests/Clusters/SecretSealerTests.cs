using System.Security.Cryptography;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>No password of an answer file reaches the registry readable, whatever field it is in.</summary>
public sealed class SecretSealerTests
{
    private const string Canary = "canary of this field";
    private static readonly EncryptionKey Key = EncryptionKey.Make(RandomNumberGenerator.GetBytes(EncryptionKey.RandomBytes));

    public static TheoryData<string> Fields => [.. Samples.Screens.Fields.Where(f => f.Kind.Name == "password").Select(f => f.Path)];

    [Theory]
    [MemberData(nameof(Fields))]
    public void Every_password_field_is_sealed_however_it_is_given(string path)
    {
        var file = Path.GetTempFileName();
        var variable = $"GATEHOUSE_TEST_{path.Replace('.', '_')}";
        try
        {
            File.WriteAllText(file, Canary + "\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Environment.SetEnvironmentVariable(variable, Canary);
            foreach (var node in new Node[] { Text(Canary), Named("file", file), Named("env", variable) })
            {
                // The settings are those of a node without the duty: what it leaves unread must not travel open either.
                var answers = new Answers(
                    "answers.yaml",
                    System.Collections.Immutable.ImmutableSortedDictionary<string, Node>.Empty.Add(path, node)
                );
                var (cluster, secrets) = SecretSealer.Seal(
                    new LocalMachine(),
                    Samples.Screens,
                    answers,
                    Samples.Settings(Samples.Member("cache")),
                    Key,
                    "-7"
                );
                Assert.Equal($"{path}-7", Assert.Single(secrets).Name);
                Assert.True(cluster[path] is Mapping { Entries: [{ Key: "sealed" }] });
                Assert.Equal(Canary, SecretSealer.Open(secrets[0].Name, secrets[0].Sealed, Key).Reveal());
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
            File.Delete(file);
        }
    }

    [Fact]
    public void What_was_typed_at_a_prompt_is_sealed_by_its_own_field()
    {
        var yaml =
            Samples.Member("full")
            + """
                backend:
                  redis: redis.example.org
                  redis_password: {prompt: true}
                  queue: queue.example.org
                  queue_user: u
                  queue_password: {prompt: true}

                """;
        var inputs = Gatehouse.Core.Settings.Inputs.Of(Samples.Facts);
        foreach (var (path, typed) in new[] { ("backend.redis_password", "one"), ("backend.queue_password", "two") })
            inputs = inputs with
            {
                Things = inputs.Things.Add(
                    (Gatehouse.Core.Settings.WantedKind.Prompt, path),
                    new Gatehouse.Core.Settings.Found([.. System.Text.Encoding.UTF8.GetBytes(typed)])
                ),
            };
        var answers = AnswerFile.Read(
            "answers.yaml",
            System.Text.Encoding.UTF8.GetBytes(yaml),
            Samples.Screens,
            new Gatehouse.Core.Reports.Report()
        );
        var (_, secrets) = SecretSealer.Seal(new LocalMachine(), Samples.Screens, answers, Samples.Settings(yaml, inputs), Key, "");
        Assert.Equal(
            ["backend.redis_password=one", "backend.queue_password=two"],
            secrets.Select(s => $"{s.Name}={SecretSealer.Open(s.Name, s.Sealed, Key).Reveal()}")
        );
    }

    private static Scalar Text(string text) => new(new Origin("answers.yaml", 1, 1), text, true);

    private static Mapping Named(string key, string text) =>
        new(new Origin("answers.yaml", 1, 1), [new Entry(key, new Origin("answers.yaml", 1, 1), Text(text))]);
}
