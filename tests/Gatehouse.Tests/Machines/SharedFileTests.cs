using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>Files that are shared with the administrator and with other programs, on a host in memory.</summary>
public sealed class SharedFileTests
{
    private static readonly RenderedNode Minimal = Samples.Render(Samples.Minimal);

    [Fact]
    public async Task Own_hosts_outlive_the_first_apply_the_next_and_the_way_back()
    {
        var host = LiveApplyTests.Host();
        const string debian = "127.0.0.1 localhost\n127.0.1.1 debian\n10.1.1.5 backup.corp.example.com backup\n";
        await PutAsync(host, "/etc/hosts", debian);
        await ApplyAsync(host, Minimal);
        Assert.EndsWith(
            "127.0.1.1 debian\n10.1.1.5 backup.corp.example.com backup\n",
            await TextAsync(host, "/etc/hosts"),
            StringComparison.Ordinal
        );

        // A line that is added later is no drift, and nothing is to do for it.
        await PutAsync(host, "/etc/hosts", await TextAsync(host, "/etc/hosts") + "10.1.1.6 later\n");
        Assert.Empty((await Tree.Applier(host).DriftAsync(default))!.Value.Drift);
        Assert.Equal(Outcome.Nothing, (await ApplyAsync(host, Minimal)).Outcome);

        await RollBackAsync(host, 0);
        Assert.Equal(debian + "10.1.1.6 later\n", await TextAsync(host, "/etc/hosts"));
    }

    [Fact]
    public async Task A_file_that_was_rewritten_is_drift_and_our_part_can_be_put_back_alone()
    {
        var host = LiveApplyTests.Host();
        await PutAsync(host, "/etc/hosts", "127.0.0.1 localhost\n");
        await ApplyAsync(host, Minimal);
        await PutAsync(host, "/etc/hosts", "127.0.1.1 n2\n10.0.0.9 new\n");
        await PutAsync(host, "/etc/timezone", "edited\n");
        Assert.Contains((await Tree.Applier(host).DriftAsync(default))!.Value.Drift, d => d.Entry.Path == "/etc/hosts");
        Assert.Equal("/etc/hosts", Assert.Single(await Tree.Applier(host).RestoreSharedAsync(default)));
        var hosts = await TextAsync(host, "/etc/hosts");
        Assert.Contains("192.0.2.10 mx1.example.org mx1\n", hosts, StringComparison.Ordinal);
        Assert.EndsWith("127.0.1.1 n2\n10.0.0.9 new\n", hosts, StringComparison.Ordinal);
        Assert.Equal(["/etc/timezone"], (await Tree.Applier(host).DriftAsync(default))!.Value.Drift.Select(d => d.Entry.Path));
    }

    [Fact]
    public async Task Cloud_init_is_told_where_it_is_and_only_there()
    {
        const string file = "/etc/cloud/cloud.cfg.d/99-gatehouse.cfg";
        var plain = LiveApplyTests.Host();
        await ApplyAsync(plain, Minimal);
        Assert.Equal(EntryKind.Absent, (await plain.StatAsync(file, default)).Kind);

        var cloud = LiveApplyTests.Host();
        await cloud.WriteAsync("/etc/cloud/cloud.cfg.d", new Item(EntryKind.Directory, Ownership.Default), default);
        await ApplyAsync(cloud, Minimal);
        Assert.Contains("manage_etc_hosts: false", await TextAsync(cloud, file), StringComparison.Ordinal);
        await RollBackAsync(cloud, 0);
        Assert.Equal(EntryKind.Absent, (await cloud.StatAsync(file, default)).Kind);
    }

    private static async Task<string> TextAsync(IMachine host, string path) => (await host.ReadAsync(path, default))!.Text;

    private static async Task PutAsync(IMachine host, string path, string text) =>
        await host.WriteAsync(path, new Item(EntryKind.File, Ownership.Default, FileContent.Of(text)), default);

    private static Task<ApplyResult> ApplyAsync(IMachine host, RenderedNode node) => Tree.Applier(host).ApplyAsync(node, "apply", default);

    private static async Task RollBackAsync(IMachine host, int number)
    {
        var store = new GenerationStore(host);
        var result = await Tree.Applier(host)
            .ApplyAsync(await store.NodeAsync((await store.FindAsync(number, default))!, default), "rollback", default);
        Assert.True(result.Outcome == Outcome.Applied, result.Problem);
    }
}
