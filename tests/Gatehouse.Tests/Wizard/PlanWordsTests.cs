using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Tests.Support;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Wizard;

/// <summary>What the review says about files.</summary>
public sealed class PlanWordsTests
{
    private static readonly RenderedNode Minimal = Samples.Render(Samples.Minimal);

    [Fact]
    public void Files_are_counted_as_the_list_of_files_shows_them_and_directories_by_themselves()
    {
        var plan = Planner.Plan(
            null,
            new ActualState(ImmutableDictionary<string, PathState>.Empty, [], [], ImmutableDictionary<string, UnitState>.Empty, true),
            Minimal
        );
        var listed = plan.Of<PutEntry>().Count(FileDiff.Has);
        var words = PlanWords.Of(plan, Minimal);
        Assert.Contains($"Files: {listed} will be created.", words);
        Assert.Contains($"Directories: {Minimal.Entries.Count(e => e.Kind == EntryKind.Directory)} will be created.", words);
    }

    [Fact]
    public async Task A_link_that_becomes_a_file_shows_what_changes_in_it()
    {
        var root = Directory.CreateTempSubdirectory("gatehouse-diff-").FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "stub"), "nameserver 127.0.0.53\n");
        File.CreateSymbolicLink(Path.Combine(root, "resolv.conf"), "stub");
        var planned = FileContent.Of("nameserver 192.0.2.53\n");
        var entry = new RenderedEntry("host", EntryKind.File, "/resolv.conf", Ownership.Default, planned.Hash, "", false);
        var put = new PutEntry(entry, new PathState(EntryKind.Link, "", "stub", Ownership.Default), false);
        Assert.True(FileDiff.Has(put));
        var diff = await FileDiff.OfAsync(
            put,
            Minimal with
            {
                Contents = Minimal.Contents.SetItem(planned.Hash, planned),
            },
            new LocalMachine(root),
            default
        );
        Assert.Contains("/resolv.conf: the link to stub becomes a file", diff, StringComparison.Ordinal);
        Assert.Contains("-nameserver 127.0.0.53\n+nameserver 192.0.2.53\n", diff, StringComparison.Ordinal);
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public void What_is_half_done_while_an_apply_is_at_work_is_not_called_interrupted()
    {
        Assert.Equal("applying", Json.StateText(GenerationState.Swapping, isApplying: true));
        Assert.Equal("interrupted", Json.StateText(GenerationState.Swapping));
    }
}
