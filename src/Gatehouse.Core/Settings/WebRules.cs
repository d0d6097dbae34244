using System.Collections.Immutable;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about the management web.</summary>
internal static class WebRules
{
    public static ImmutableArray<Rule> All { get; } = [new("the administrator's password is not easy to guess", PasswordHard)];

    private static void PasswordHard(ValueSet v, Inputs inputs, Report report)
    {
        if (!v.TryGet<Password>("web.password", out var password) || password is not { Source: PasswordSource.Given, Value: { } secret })
            return;
        string[] names = [v.Text("web.administrator"), v.Text("system.name"), v.Text("web.host_name"), v.Text("scanner.site_name")];
        if (PasswordStrength.Weakness(secret.Reveal(), names) is { } weakness)
            report.Warn(
                "password-weak",
                "web.password",
                $"the administrator's password {weakness}; choose a longer one, or '{{generate: true}}'.",
                v.OriginOf("web.password")
            );
    }
}
