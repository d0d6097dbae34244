using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>Answers to settings: types every value, fills in defaults, applies the rules over several fields.</summary>
public static class Resolver
{
    /// <summary>
    /// Resolves a whole answer file. Every finding is collected; settings are returned only when none of them is an error.
    /// </summary>
    /// <param name="screens">What is asked.</param>
    /// <param name="answers">What was answered.</param>
    /// <param name="inputs">Facts, and what the answers name outside themselves (<see cref="Probe"/>).</param>
    /// <param name="report">Receives the findings.</param>
    public static GatewaySettings? Resolve(ScreenSet screens, Answers answers, Inputs inputs, Report report) =>
        Resolve(screens, answers, inputs, report, out _);

    internal static GatewaySettings? Resolve(ScreenSet screens, Answers answers, Inputs inputs, Report report, out ValueSet values)
    {
        values = new ValueSet(screens);
        if (!answers.Readable)
            return null;
        var reader = new ValueReader(answers, inputs, report, values);
        foreach (var field in screens.Fields)
            ReadField(field, answers, inputs.Facts, reader, values, report);
        foreach (var rule in Rules.All)
            rule.Judge(values, inputs, report);
        return report.HasErrors ? null : SettingsBuilder.Build(values, inputs) with { Passwords = values.All<Password>() };
    }

    private static void ReadField(Field field, Answers answers, Facts facts, ValueReader reader, ValueSet values, Report report)
    {
        var node = answers[field.Path];
        // One answer file may serve a whole cluster: what is for other nodes' duties is their business.
        if (!values.Serves(field))
            return;
        if (!Applies(field, values))
        {
            // When the other field was refused, whether this one is used is not known yet.
            if (node is not null && !values.IsRefused(field.When!.Path))
                report.Warn("not-used", field.Path, NotUsed(field, field.When), node.Origin);
            return;
        }

        if (node is not null)
        {
            var value = reader.Read(field, node);
            if (field.Required && value is System.Collections.ICollection { Count: 0 })
            {
                report.Error(
                    "missing",
                    field.Path,
                    $"'{field.Label}' is empty; it needs at least one item, such as {field.Example}.",
                    node.Origin
                );
                value = null;
            }

            if (value is not null)
                values.Add(field, value, node.Origin);
            else
                values.Refuse(field);
        }
        else if (field.DefaultFrom is { } source && !source.StartsWith("facts.", StringComparison.Ordinal))
        {
            // Taken over as typed; when the other field was refused or is missing, that finding is enough.
            if (values.TryGet<object>(source, out var same))
                values.Add(field, same, null);
        }
        else if (DefaultText(field, facts) is { } text)
        {
            if (reader.ReadDefault(field, text) is { } value)
                values.Add(field, value, null);
        }
        else if (field.Required)
        {
            report.Error(
                "missing",
                field.Path,
                $"'{field.Label}' is missing; write '{field.Key}: {(field.IsList ? $"[{field.Example}]" : field.Example)}' in section "
                    + $"'{field.Path.Split('.')[0]}', with your own value.",
                answers.Values.GetValueOrDefault(field.Path)?.Origin
            );
        }
        else if (field.IsList || field.IsTable)
        {
            values.Add(field, reader.ReadDefault(field, "")!, null);
        }
    }

    /// <summary>Whether a field is asked, as the values stand.</summary>
    internal static bool Applies(Field field, ValueSet values)
    {
        if (!values.Serves(field))
            return false;
        if (field.When is not { } when)
            return true;
        return values.TryGet<object>(when.Path, out var other)
            && (when.AnyOf is ["*"] || (other is string text && when.AnyOf.Contains(text)));
    }

    private static string NotUsed(Field field, Condition when) =>
        when.AnyOf is ["*"]
            ? $"'{field.Label}' is used only together with {when.Path}; set that as well, or remove this."
            : $"'{field.Label}' is used only with {when.Path}: {string.Join(" or ", when.AnyOf)}.";

    private static string? DefaultText(Field field, Facts facts) =>
        (field.DefaultFrom is { } fact ? facts.Lookup(fact) : null) ?? field.Default;
}
