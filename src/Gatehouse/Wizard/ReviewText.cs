using Gatehouse.Core.Reports;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>What a line of the review is.</summary>
internal enum ReviewLook
{
    /// <summary>A setting, a sentence.</summary>
    Plain,

    /// <summary>A heading.</summary>
    Heading,

    /// <summary>A setting that differs from what is in force.</summary>
    Changed,

    /// <summary>What is wrong.</summary>
    Wrong,

    /// <summary>A remark.</summary>
    Remark,
}

/// <summary>A line of the review.</summary>
internal sealed record ReviewLine(string Text, ReviewLook Look = ReviewLook.Plain);

/// <summary>The settings by screen, with what is new against those in force.</summary>
internal static class ReviewText
{
    /// <summary>The lines.</summary>
    public static IEnumerable<ReviewLine> Of(Interview now, Interview? before)
    {
        foreach (var finding in now.Findings)
            yield return new ReviewLine(
                $"{(finding.Severity == Severity.Error ? "!!" : "! ")} {finding.Message} ({finding.Path})",
                ReviewLook.Wrong
            );
        if (before is not null)
        {
            var changes = Comparison.Changes(now, before);
            yield return new ReviewLine(
                changes == 0
                    ? "No setting differs from those in force."
                    : $"{changes} setting{(changes == 1 ? " differs" : "s differ")} from those in force, marked '+'.",
                ReviewLook.Remark
            );
        }

        foreach (var screen in now.Screens)
        {
            yield return new ReviewLine(screen.Title, ReviewLook.Heading);
            var rest = 0;
            foreach (var setting in Comparison.Of(screen, now, before))
            {
                if (setting.Before is null && setting.IsDefault && (before is not null || setting.Field.Advanced || setting.Values.IsEmpty))
                {
                    rest++;
                    continue;
                }

                foreach (var line in Lines(setting))
                    yield return line;
            }

            if (rest > 0)
                yield return new ReviewLine($"    {rest} more at their defaults", ReviewLook.Remark);
        }
    }

    private static IEnumerable<ReviewLine> Lines(Compared setting)
    {
        var (mark, look) = setting.Before is null ? ("  ", ReviewLook.Plain) : ("+ ", ReviewLook.Changed);
        var value =
            setting.Values.IsEmpty ? "none"
            : setting.Values.Length == 1 ? setting.Values[0]
            : "";
        yield return new ReviewLine($"{mark}{setting.Field.Label}: {value}".TrimEnd(), look);
        if (setting.Values.Length > 1)
            foreach (var item in setting.Values)
                yield return new ReviewLine($"      {item}", look);
        if (setting.Before is { } was)
            yield return new ReviewLine($"      before: {(was.IsEmpty ? "none" : string.Join(", ", was))}", ReviewLook.Remark);
    }
}
