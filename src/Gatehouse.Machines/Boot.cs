namespace Gatehouse.Machines;

/// <summary>Which boot of a machine this is.</summary>
internal static class Boot
{
    /// <summary>The kernel's name for the boot; empty where nothing runs.</summary>
    public static async ValueTask<string> IdAsync(IMachine machine, CancellationToken ct) =>
        machine.IsLive ? (await machine.ReadAsync("/proc/sys/kernel/random/boot_id", ct))?.Text.Trim() ?? "" : "";
}
