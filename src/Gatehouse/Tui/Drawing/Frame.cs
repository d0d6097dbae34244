using Gatehouse.Core.Values;

namespace Gatehouse.Tui.Drawing;

/// <summary>A step of the way, as the column of steps shows it.</summary>
/// <param name="Title">What it is called.</param>
/// <param name="State">How far it is.</param>
internal sealed record StepMark(string Title, StepState State);

/// <summary>How far a step is.</summary>
internal enum StepState
{
    /// <summary>Not reached yet.</summary>
    Open,

    /// <summary>Here we are.</summary>
    Current,

    /// <summary>Gone through, nothing wrong.</summary>
    Done,

    /// <summary>Gone through, and something in it will not do.</summary>
    Wrong,
}

/// <summary>What is around every full page: title, column of steps, keys. On a small screen only the title remains.</summary>
internal static class Frame
{
    private const int StepsWidth = 22;

    /// <summary>Draws the frame and returns what is inside.</summary>
    /// <param name="surface">The terminal.</param>
    /// <param name="host">The host that is being set up.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="steps">All steps; empty before the first question is answered.</param>
    /// <param name="keys">What the keys do.</param>
    public static Pane Draw(Surface surface, string host, string title, IReadOnlyList<StepMark> steps, string keys)
    {
        int width = surface.Width,
            height = surface.Height;
        var at = steps.Select(s => s.State).ToList().IndexOf(StepState.Current);
        if (width < 40 || height < 14)
        {
            Bar(surface, 0, steps.Count > 0 && at >= 0 ? $"{at + 1}/{steps.Count} {title}" : title);
            return new Pane(surface, 0, 1, width, height - 1);
        }

        Bar(surface, 0, $" Gatehouse on {host}");
        Bar(surface, height - 1, $" {keys}");
        var left = 0;
        if (width >= 72 && steps.Count > 0)
        {
            left = StepsWidth;
            surface.Box(0, 1, StepsWidth, height - 2);
            surface.Put(2, 1, " Steps ", Look.Bold);
            // On a low screen the column follows the current step.
            var room = height - 5;
            var first = Math.Clamp(at - (room / 2), 0, Math.Max(0, steps.Count - room));
            for (var i = first; i < steps.Count && i < first + room; i++)
                surface.Put(
                    2,
                    3 + i - first,
                    TextWidth.Fit($"{Mark(steps[i].State)} {i + 1} {steps[i].Title}", StepsWidth - 3),
                    steps[i].State switch
                    {
                        StepState.Current => Look.Bold,
                        StepState.Wrong => Look.Error,
                        _ => Look.Plain,
                    }
                );
        }

        surface.Box(left, 1, width - left, height - 2);
        surface.Put(left + 2, 1, $" {title} ", Look.Bold);
        if (left == 0 && at >= 0)
            surface.Put(Math.Max(left + 6 + TextWidth.Of(title), width - 16), 1, $" Step {at + 1} of {steps.Count} ");
        return new Pane(surface, left + 2, 2, width - left - 4, height - 4);
    }

    private static char Mark(StepState state) =>
        state switch
        {
            StepState.Current => '>',
            StepState.Done => '*',
            StepState.Wrong => '!',
            _ => ' ',
        };

    private static void Bar(Surface surface, int row, string text)
    {
        text = TextWidth.Fit(text, surface.Width);
        surface.Put(0, row, text + new string(' ', surface.Width - TextWidth.Of(text)), Look.Bar);
    }
}
