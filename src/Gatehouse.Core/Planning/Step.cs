using System.Collections.Immutable;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Core.Planning;

/// <summary>The parts of an apply, in order.</summary>
public enum Phase
{
    /// <summary>Debian packages are installed, their services not yet started.</summary>
    Packages,

    /// <summary>The daemons judge the staged files.</summary>
    Check,

    /// <summary>Units that are not wanted any more stop, while their files are still there.</summary>
    Stop,

    /// <summary>Files are put in place.</summary>
    Files,

    /// <summary>Units take the files over.</summary>
    Services,

    /// <summary>The running services are proved to work.</summary>
    Verify,
}

/// <summary>What a unit is told to do.</summary>
public enum UnitVerb
{
    /// <summary>systemd reads its unit files again.</summary>
    DaemonReload,

    /// <summary>Start at boot.</summary>
    Enable,

    /// <summary>Start now.</summary>
    Start,

    /// <summary>Stop and start.</summary>
    Restart,

    /// <summary>Take the configuration over without stopping.</summary>
    Reload,

    /// <summary>Stop now.</summary>
    Stop,

    /// <summary>Do not start at boot.</summary>
    Disable,
}

/// <summary>One atomic change. Steps are data: printing them is the dry run.</summary>
public abstract record Step
{
    /// <summary>The phase it belongs to.</summary>
    public abstract Phase Phase { get; }

    /// <summary>The step in words.</summary>
    public abstract string Describe();
}

/// <summary>Installs Debian packages.</summary>
public sealed record InstallPackages(ImmutableArray<string> Names) : Step
{
    /// <inheritdoc/>
    public override Phase Phase => Phase.Packages;

    /// <inheritdoc/>
    public override string Describe() => $"install {string.Join(", ", Names)}";
}

/// <summary>Has a daemon judge the staged files.</summary>
public sealed record RunCheck(RenderedCheck Check) : Step
{
    /// <inheritdoc/>
    public override Phase Phase => Phase.Check;

    /// <inheritdoc/>
    public override string Describe() => Check.Check.Name;
}

/// <summary>Puts an entry at its path, or takes away what is there.</summary>
/// <param name="Entry">What is to be there.</param>
/// <param name="Before">What is there now.</param>
/// <param name="Edited">Whether what is there now is not what Gatehouse left there.</param>
public sealed record PutEntry(RenderedEntry Entry, PathState Before, bool Edited) : Step
{
    /// <inheritdoc/>
    public override Phase Phase => Phase.Files;

    /// <inheritdoc/>
    public override string Describe()
    {
        var what = Entry.Kind switch
        {
            EntryKind.Absent => $"remove {Entry.Path}",
            EntryKind.Link => $"link {Entry.Path} -> {Entry.Target}",
            EntryKind.Directory => $"directory {Entry.Path} ({Entry.Owner})",
            _ when Before.Kind == EntryKind.Absent => $"create {Entry.Path} ({Entry.Owner})",
            _ when Before.Kind == EntryKind.File && Before.Hash == Entry.Hash =>
                $"owner and mode of {Entry.Path}: {Before.Owner} -> {Entry.Owner}",
            _ => $"change {Entry.Path}",
        };
        return Edited ? $"{what} (edited by hand; a rollback restores the edit)" : what;
    }
}

/// <summary>Puts a system user into a group.</summary>
public sealed record AddMember(Membership Member) : Step
{
    /// <inheritdoc/>
    public override Phase Phase => Phase.Services;

    /// <inheritdoc/>
    public override string Describe() => $"add user {Member.User} to group {Member.Group}";
}

/// <summary>Runs a command that takes changed files over.</summary>
public sealed record RunReaction(Reaction Reaction) : Step
{
    /// <inheritdoc/>
    public override Phase Phase => Phase.Services;

    /// <inheritdoc/>
    public override string Describe() => $"run {string.Join(' ', Reaction.Run)}";
}

/// <summary>Tells systemd something about a unit.</summary>
/// <param name="Verb">What.</param>
/// <param name="Unit">Which; empty for daemon-reload.</param>
/// <param name="Because">The changed paths that call for it.</param>
public sealed record UnitAction(UnitVerb Verb, string Unit, ImmutableArray<string> Because) : Step
{
    /// <inheritdoc/>
    public override Phase Phase => Verb is UnitVerb.Stop or UnitVerb.Disable ? Phase.Stop : Phase.Services;

    /// <summary>The words for systemctl.</summary>
    public string Command => Verb == UnitVerb.DaemonReload ? "daemon-reload" : Verb.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override string Describe() => Unit.Length == 0 ? "reload systemd's unit files" : $"{Command} {Unit}";
}

/// <summary>Proves that a running service works.</summary>
public sealed record RunVerification(RenderedVerification Verification) : Step
{
    /// <inheritdoc/>
    public override Phase Phase => Phase.Verify;

    /// <inheritdoc/>
    public override string Describe() => Verification.Verification.Name;
}
