using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>
/// What a wizard leaves between two runs, below <c>/var/lib/gatehouse/setup</c>, readable by its owner alone: the draft, and
/// in a file of their own, only if the operator asked for it, the passwords typed so far.
/// </summary>
internal sealed class SetupHome
{
    private readonly string directory;
    private byte[] saved = [];

    public SetupHome(LocalMachine machine) => directory = machine.Real(GenerationStore.Home + "/setup");

    /// <summary>A file of the directory.</summary>
    public string File(string name) => Path.Combine(directory, name);

    /// <summary>Makes the directory.</summary>
    public void Prepare()
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!, owner);
        Directory.CreateDirectory(directory, owner);
    }

    /// <summary>Whether there is a draft.</summary>
    public bool HasDraft => System.IO.File.Exists(File("draft.json"));

    /// <summary>The draft that was left; null when there is none that can be read.</summary>
    public Draft? ReadDraft()
    {
        try
        {
            return HasDraft ? Draft.FromJson(System.IO.File.ReadAllBytes(File("draft.json"))) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The passwords that were kept; empty when none were.</summary>
    public ImmutableSortedDictionary<string, string> ReadSecrets()
    {
        try
        {
            return (
                    System.IO.File.Exists(File("secrets.json"))
                        ? JsonSerializer.Deserialize(
                            System.IO.File.ReadAllBytes(File("secrets.json")),
                            SecretsJson.Default.ImmutableSortedDictionaryStringString
                        )
                        : null
                ) ?? ImmutableSortedDictionary<string, string>.Empty;
        }
        catch (JsonException)
        {
            // Like a draft: one that is lost is no reason to fail. They are asked for again.
            return ImmutableSortedDictionary<string, string>.Empty;
        }
    }

    /// <summary>Saves a draft, and the passwords if it says so. Nothing is written when nothing has changed.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="secrets">The passwords typed so far.</param>
    /// <param name="isLasting">Whether to wait for the disk; not while somebody types.</param>
    public void Write(Draft draft, ImmutableSortedDictionary<string, string> secrets, bool isLasting)
    {
        // The time alone is no change.
        var kept = draft.KeepSecrets
            ? JsonSerializer.SerializeToUtf8Bytes(secrets, SecretsJson.Default.ImmutableSortedDictionaryStringString)
            : [];
        byte[] content = [.. (draft with { Time = default }).ToJson(), .. kept];
        if (content.AsSpan().SequenceEqual(saved))
            return;
        // Passwords that are not to be kept go first, whatever happens to the rest.
        if (draft.KeepSecrets)
            PrivateFile.Write(File("secrets.json"), kept, isLasting);
        else
            System.IO.File.Delete(File("secrets.json"));
        PrivateFile.Write(File("draft.json"), draft.ToJson(), isLasting);
        saved = content;
    }

    /// <summary>Forgets the draft: it was applied, or thrown away.</summary>
    public void Forget()
    {
        saved = [];
        try
        {
            System.IO.File.Delete(File("secrets.json"));
            System.IO.File.Delete(File("draft.json"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only disk keeps it; it is offered again, and can be thrown away then.
        }
    }
}

[JsonSerializable(typeof(ImmutableSortedDictionary<string, string>))]
internal sealed partial class SecretsJson : JsonSerializerContext;
