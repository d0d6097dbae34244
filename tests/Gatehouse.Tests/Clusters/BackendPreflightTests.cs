using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>Services of an administrator's own are spoken to before anything is changed; here a real Redis.</summary>
public sealed class BackendPreflightTests
{
    [Fact]
    public async Task A_Redis_is_taken_with_its_password_and_with_no_other()
    {
        var port = FreePort();
        var start = new ProcessStartInfo(
            "redis-server",
            ["--port", $"{port}", "--bind", "127.0.0.1", "--requirepass", "right one", "--save", "", "--dir", "/tmp"]
        )
        {
            RedirectStandardOutput = true,
        };
        using var redis = Process.Start(start)!;
        try
        {
            var settings = Of(ServiceKind.Redis, port, "right one");
            for (var i = 0; i < 100 && !(await BackendPreflight.JudgeAsync(settings, default)).IsEmpty; i++)
                await Task.Delay(50);
            Assert.Empty(await BackendPreflight.JudgeAsync(settings, default));
            Assert.Contains(
                "does not take the password",
                await Problem(Of(ServiceKind.Redis, port, "wrong one")),
                StringComparison.Ordinal
            );
            Assert.Contains("asks for a password", await Problem(Of(ServiceKind.Redis, port, null)), StringComparison.Ordinal);
            Assert.Contains("does not answer as memcached", await Problem(Of(ServiceKind.Sessions, port, null)), StringComparison.Ordinal);
            var refused = await Assert.ThrowsAsync<SequenceException>(() =>
                BackendPreflight.RequireAsync(Of(ServiceKind.Redis, port, "wrong one"), default)
            );
            Assert.Equal(ExitCodes.Refused, refused.Code);
            Assert.DoesNotContain("wrong one", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            redis.Kill();
            await redis.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task All_that_do_not_answer_are_told_at_once_and_where()
    {
        var port = FreePort();
        var settings = new BackendSettings
        {
            Memcached = false,
            SearchIndex = false,
            MessageQueue = false,
            External =
            [
                .. Enum.GetValues<ServiceKind>()
                    .Select(k => new ExternalService(k, $"backend.{k}", new HostPort("127.0.0.1", port), "", null)),
            ],
        };
        var findings = await BackendPreflight.JudgeAsync(settings, default);
        Assert.Equal(5, findings.Length);
        Assert.All(findings, f => Assert.Contains($"127.0.0.1:{port}", f.Message, StringComparison.Ordinal));
    }

    private static async Task<string> Problem(BackendSettings settings) =>
        Assert.Single(await BackendPreflight.JudgeAsync(settings, default)).Message;

    private static BackendSettings Of(ServiceKind kind, int port, string? password) =>
        new()
        {
            Memcached = false,
            SearchIndex = false,
            MessageQueue = false,
            External =
            [
                new ExternalService(
                    kind,
                    "backend.redis",
                    new HostPort("127.0.0.1", port),
                    "",
                    password is null ? null : new Password(PasswordSource.Given, new Secret(password))
                ),
            ],
        };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
