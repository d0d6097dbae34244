using System.Text.Json.Serialization;

namespace Gatehouse.Core.Quarantine;

/// <summary>What was done with a quarantined message, for lists.</summary>
/// <param name="Id">The message.</param>
/// <param name="Action">release, delete, learn-ham or learn-spam.</param>
/// <param name="At">When.</param>
/// <param name="By">The person who wanted it; empty when that is not known.</param>
/// <param name="Done">Whether it came to its end.</param>
public sealed record MessageState(string Id, string Action, DateTimeOffset At, string By, bool Done)
{
    /// <summary>The state in words, such as <c>released by alice</c>.</summary>
    [JsonIgnore]
    public string Words =>
        (Action, Done) switch
        {
            ("release", true) => "released",
            ("delete", true) => "deleted",
            ("learn-ham", true) => "learned as ham",
            ("learn-spam", true) => "learned as spam",
            _ => $"{Action} began",
        } + (By.Length > 0 ? $" by {By}" : "");

    /// <summary>The state as a word for programs, such as <c>released</c>.</summary>
    [JsonIgnore]
    public string Word =>
        (Action, Done) switch
        {
            ("release" or "delete", true) => $"{Action}d",
            ("learn-ham", true) => "learned-ham",
            ("learn-spam", true) => "learned-spam",
            _ => Action,
        };
}
