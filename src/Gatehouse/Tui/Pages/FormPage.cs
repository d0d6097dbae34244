using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Widgets;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui.Pages;

/// <summary>What the operator wants after a form.</summary>
internal enum FormEnd
{
    /// <summary>The next step.</summary>
    Next,

    /// <summary>The step before.</summary>
    Back,

    /// <summary>Another step, from the list.</summary>
    Jump,

    /// <summary>Out.</summary>
    Quit,
}

/// <summary>A screen of questions: what is declared in <c>screens/</c> and nothing else decides what appears here.</summary>
internal sealed class FormPage : Page
{
    // Words below the form change when typing pauses for that many tenths of a second; marks beside the fields change at once.
    private const int Pause = 4;
    private const string More = "More";
    private const string Less = "Fewer";
    private readonly Stage stage;
    private readonly Func<FormEnd, bool> leave;
    private readonly Interview interview;
    private readonly Screen screen;
    private readonly Func<IReadOnlyList<StepMark>> steps;
    private readonly string host;
    private readonly Dictionary<string, FieldWidget[]> made = new(StringComparer.Ordinal);
    private readonly HashSet<string> touched = new(StringComparer.Ordinal);
    private List<Widget> widgets = [];
    private Buttons buttons = new(["Back", "Next"], 1);
    private int focus;
    private int scroll;
    private bool all;
    private bool dirty;
    private int quiet = Pause;
    private (int Focus, TextRow[] Rows) notes = (-1, []);

    /// <summary>A form.</summary>
    /// <param name="stage">Where it shows.</param>
    /// <param name="interview">The answers.</param>
    /// <param name="screen">What is asked.</param>
    /// <param name="host">The host.</param>
    /// <param name="steps">The column of steps.</param>
    /// <param name="visited">Whether the operator was here before, so that what is missing is told at once.</param>
    /// <param name="leave">Asked, with the form still on the screen, whether it may be left in a way; null allows all.</param>
    /// <param name="field">The field to begin at.</param>
    public FormPage(
        Stage stage,
        Interview interview,
        Screen screen,
        string host,
        Func<IReadOnlyList<StepMark>> steps,
        bool visited,
        Func<FormEnd, bool>? leave = null,
        string field = ""
    )
    {
        this.stage = stage;
        this.leave = leave ?? (_ => true);
        this.interview = interview;
        this.screen = screen;
        this.host = host;
        this.steps = steps;
        if (visited)
            touched.UnionWith(screen.Fields.Select(f => f.Path));
        all = screen.Fields.Any(f => f.Advanced && (f.Path == field || interview.FindingsOf(f).Any(x => x.Severity == Severity.Error)));
        Arrange();
        focus = Math.Max(0, widgets.FindIndex(w => w is FieldWidget f && f.Field.Path == field));
    }

    /// <summary>What the operator wants next.</summary>
    public FormEnd End { get; private set; } = FormEnd.Quit;

    /// <inheritdoc/>
    public override bool IsLive => quiet <= Pause;

    /// <inheritdoc/>
    public override bool TakesLineBreaks => true;

    /// <inheritdoc/>
    public override void OnIdle() => quiet++;

    /// <summary>The field the cursor is in; the last one when it is on the buttons.</summary>
    public Field? Current => widgets.Take(focus + 1).OfType<FieldWidget>().LastOrDefault()?.Field;

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        Sync();
        var focused = widgets[focus];
        var inner = Frame.Draw(
            surface,
            host,
            screen.Title,
            steps(),
            $"F1 Help  Tab Next field  F2 Steps  Esc Quit{(focused.Keys.Length > 0 ? $"  {focused.Keys}" : "")}"
        );
        var space = inner.Height switch
        {
            < 6 => 1,
            < 12 => 2,
            _ => 3,
        };
        if (quiet >= Pause || notes.Focus != focus)
            notes = (focus, [.. Notes(inner.Width).Take(space)]);
        var room = Math.Max(1, inner.Height - space - (inner.Height < 12 ? 1 : 2));
        DrawFields(inner with { Height = room }, focused);
        buttons.Draw(inner.Part(0, inner.Height - space - 1, inner.Width), focused == buttons);
        for (var i = 0; i < notes.Rows.Length; i++)
            inner.Put(0, inner.Height - space + i, notes.Rows[i].Text, notes.Rows[i].Look);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        var widget = widgets[focus];
        // A line break in a paste is one only where there are lines; elsewhere it must not go on to the next field.
        if (stage.IsPasting && press.Key == Key.Enter && widget is not Area)
            press = Press.Of(" ");
        if (widget.On(press))
        {
            dirty = widget is FieldWidget;
            quiet = dirty ? 0 : Pause;
            return;
        }

        quiet = Pause;
        switch (press.Key)
        {
            case Key.Enter when widget == buttons:
                Take(buttons.Labels[buttons.Current]);
                break;
            case Key.Enter or Key.Tab or Key.Down:
                Move(1);
                break;
            case Key.BackTab or Key.Up:
                Move(-1);
                break;
            case Key.PageDown:
                Take("Next");
                break;
            case Key.PageUp:
                Take("Back");
                break;
            case Key.Help:
                ShowHelp();
                break;
            case Key.Steps:
                Close(FormEnd.Jump);
                break;
            case Key.Escape:
                Close(FormEnd.Quit);
                break;
        }
    }

    private void Take(string button)
    {
        if (button == "Back")
            Close(FormEnd.Back);
        else if (button == "Next")
            GoOn();
        else
        {
            Sync();
            all = !all;
            var first = screen.Fields.FirstOrDefault(f => f.Advanced && interview.Fields(screen).Contains(f));
            Arrange();
            if (all && first is not null)
                focus = Math.Max(0, widgets.FindIndex(w => w is FieldWidget f && f.Field == first));
            else
                focus = widgets.Count - 1;
        }
    }

    private void GoOn()
    {
        Sync();
        touched.UnionWith(screen.Fields.Select(f => f.Path));
        var bad = interview.Fields(screen).FirstOrDefault(f => interview.FindingsOf(f).Any(x => x.Severity == Severity.Error));
        if (bad is null)
        {
            Close(FormEnd.Next);
            return;
        }

        stage.Surface.Bell();
        all |= bad.Advanced;
        Arrange();
        focus = widgets.FindIndex(w => w is FieldWidget f && f.Field == bad);
    }

    private void Close(FormEnd end)
    {
        Sync();
        if (!leave(end))
            return;
        End = end;
        IsClosed = true;
    }

    private void Move(int by)
    {
        Sync();
        if (widgets[focus] is FieldWidget left)
        {
            touched.Add(left.Field.Path);
            interview.Settle(left.Field);
            left.Load(interview);
            Arrange();
            focus = Math.Max(0, widgets.IndexOf(left));
        }

        focus = (focus + by + widgets.Count) % widgets.Count;
        widgets[focus].Enter(fromBelow: by < 0);
    }

    /// <summary>Brings interview and widgets to the same state after keys were taken.</summary>
    public void Sync()
    {
        if (!dirty)
            return;
        dirty = false;
        if (widgets[focus] is not FieldWidget widget)
            return;
        widget.Store(interview);
        // What this answer makes needed or needless appears and goes at once; defaults follow it.
        Arrange();
        focus = Math.Max(0, widgets.IndexOf(widget));
    }

    private void Arrange()
    {
        var current = focus < widgets.Count ? widgets[focus] : null;
        var asked = interview.Fields(screen).ToArray();
        // An advanced field that only makes sense with a visible answer of its own shows with it.
        var shown = asked.Where(f => all || !f.Advanced).ToArray();
        widgets = [.. shown.SelectMany(Make)];
        foreach (var widget in widgets.OfType<FieldWidget>().Where(w => w != current))
            widget.Load(interview);
        if (current is SecretEntry secret)
            secret.Load(interview);
        var labels = asked.Any(f => f.Advanced) ? new[] { "Back", all ? Less : More, "Next" } : ["Back", "Next"];
        if (!labels.SequenceEqual(buttons.Labels))
            buttons = new Buttons(labels, labels.Length - 1);
        widgets.Add(buttons);
        focus = Math.Min(focus, widgets.Count - 1);
    }

    private FieldWidget[] Make(Field field)
    {
        if (!made.TryGetValue(field.Path, out var widgetsOfField))
            made[field.Path] = widgetsOfField = WidgetKinds.For(field, Pick);
        return widgetsOfField;
    }

    private int Pick(Field field, int now)
    {
        var menu = new MenuPage(field.Label, "", [.. field.Choices.Select(c => new MenuItem(c.Value, c.Text))], now);
        stage.Show(menu);
        return menu.Answer < 0 ? now : menu.Answer;
    }

    private void DrawFields(Pane pane, Widget focused)
    {
        // Labels to the left where there is room for both, else above.
        var fields = widgets.OfType<FieldWidget>().ToArray();
        var widest = fields.Length == 0 ? 0 : fields.Max(f => TextWidth.Of(f.Label)) + 2;
        var above = pane.Width - widest < 24;
        var left = above ? 2 : widest;
        var rows = new int[fields.Length + 1];
        // Where there is room for it, fields stand apart.
        var gap = fields.Sum(f => f.Rows + 1) + (above ? fields.Length : 0) <= pane.Height ? 1 : 0;
        for (var i = 0; i < fields.Length; i++)
            rows[i + 1] = rows[i] + fields[i].Rows + (above ? 1 : 0) + (i + 1 < fields.Length && fields[i + 1].IsJoined ? 0 : gap);
        var at = Array.IndexOf(fields, focused);
        if (at >= 0)
        {
            var top = rows[at];
            var bottom = rows[at] + (above ? 1 : 0) + focused.FocusRow;
            // The row with the cursor shows in any case, the label above it where there is room.
            scroll = Math.Max(Math.Min(scroll, top), bottom - pane.Height + 1);
        }

        scroll = Math.Max(0, Math.Min(scroll, rows[^1] - pane.Height));
        var content = pane with { Scroll = scroll };
        for (var i = 0; i < fields.Length; i++)
        {
            var field = fields[i];
            content.Put(0, rows[i], field.Label, field == focused ? Look.Bold : Look.Plain);
            field.Draw(content.Part(left, rows[i] + (above ? 1 : 0), pane.Width - left - 3), field == focused);
            DrawMark(content, field, rows[i] + (above ? 1 : 0));
        }

        if (scroll > 0)
            pane.Put(pane.Width - 1, 0, "^", Look.Bold);
        if (scroll + pane.Height < rows[^1])
            pane.Put(pane.Width - 1, pane.Height - 1, "v", Look.Bold);
    }

    private void DrawMark(Pane content, FieldWidget field, int row)
    {
        if (field.IsJoined)
            return;
        foreach (var finding in Shown(field.Field).Take(6).Reverse())
            content.Put(content.Width - 2, row + field.RowOf(finding.Path), Mark(finding), LookOf(finding));
        if (!touched.Contains(field.Field.Path) && IsMissing(field.Field))
            content.Put(content.Width - 2, row, "*", Look.Note);
    }

    // An unfinished value is no mistake while the operator is still typing.
    private static string Mark(Finding finding) =>
        finding switch
        {
            { Code: "unfinished" } => "..",
            { Severity: Severity.Error } => "!!",
            _ => "! ",
        };

    private static Look LookOf(Finding finding) => finding.Code == "unfinished" ? Look.Note : Look.Error;

    private bool IsMissing(Field field) => interview.FindingsOf(field).Any(f => f.Code == "missing");

    // Before the operator was in a field, only errors are shown: no warnings, and not that a value is missing.
    private IEnumerable<Finding> Shown(Field field) =>
        interview.FindingsOf(field).Where(f => touched.Contains(field.Path) || (f.Severity == Severity.Error && f.Code != "missing"));

    private IEnumerable<TextRow> Notes(int width)
    {
        if (widgets[focus] is not FieldWidget widget)
            return Words
                .Wrap(
                    buttons.Labels[buttons.Current] switch
                    {
                        More => "Settings whose defaults rarely need changing.",
                        Less => "Show only the usual questions.",
                        "Back" => "Nothing is lost by going back.",
                        _ => screen.Help,
                    },
                    width
                )
                .Select(l => new TextRow(l, Look.Note));
        var findings = Shown(widget.Field)
            .Take(2)
            .SelectMany(f => Words.Wrap($"{Mark(f)} {f.Message}", width).Select(l => new TextRow(l, LookOf(f))))
            .ToArray();
        if (findings.Length > 0)
            return findings;
        var needed = IsMissing(widget.Field) ? "Needs an answer. " : "";
        var help = Words.Wrap(needed + widget.Field.Help, width).ToArray();
        if (help.Length > 3)
            help[2] = $"{TextWidth.Fit(help[2], width - 15).TrimEnd()} ... (F1: more)";
        return help.Select(l => new TextRow(l, Look.Note));
    }

    private void ShowHelp()
    {
        Sync();
        var (title, text) = widgets[focus] is FieldWidget widget
            ? (widget.Field.Label, FieldHelp.Of(widget.Field))
            : (screen.Title, FieldHelp.Of(screen, interview.Fields(screen)));
        stage.Show(new TextPage(title, text.Select(t => new TextRow(t)), ["Close"]));
    }
}
