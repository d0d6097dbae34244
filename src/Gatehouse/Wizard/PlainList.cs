using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>Asks for a list or a table: each line adds to it, an empty one ends it.</summary>
internal sealed class PlainList(PlainTalk talk, Interview interview, PlainQuestions questions, Field field)
{
    private readonly string noun = field.IsTable ? "row" : "item";

    private string[] Items() => [.. FieldText.Items(field, interview.Text(field))];

    /// <summary>Asks until the list will do.</summary>
    public PlainMove Ask()
    {
        Introduce();
        while (true)
        {
            var (meaning, answer) = PlainWords.Of(talk.Ask($"{PlainWords.Label(field)}, {noun} {Items().Length + 1}"));
            switch (meaning)
            {
                case PlainMeaning.Back:
                    return PlainMove.Back;
                case PlainMeaning.Quit:
                    return PlainMove.Quit;
                case PlainMeaning.Help:
                    questions.Help(field);
                    break;
                case PlainMeaning.Clear:
                    interview.Enter(field, "");
                    talk.Say("The list is empty now.");
                    break;
                case PlainMeaning.Keep:
                    Settle();
                    if (questions.Tell(field))
                        return PlainMove.Next;
                    Introduce();
                    break;
                default:
                    Take(answer);
                    break;
            }
        }
    }

    private void Settle()
    {
        var before = interview.Text(field);
        interview.Settle(field);
        if (interview.Text(field) != before)
            talk.Say($"{field.Label} is back at its default: {string.Join(", ", Items())}.");
    }

    private void Introduce()
    {
        var items = Items();
        talk.Say(items.Length == 0 ? $"{field.Label}: none yet." : $"{field.Label}:");
        for (var i = 0; i < items.Length; i++)
            talk.Say($"  {i + 1}. {items[i]}");
        if (!field.Choices.IsEmpty)
            talk.Say("Allowed values, by number or by name:");
        questions.SayChoices(field);
        talk.Say(
            $"{(field.Choices.IsEmpty ? FieldHelp.HowToType(field) : "One per line.")} An empty line ends the "
                + $"list.{(items.Length == 0 ? "" : $" -{items.Length} removes {noun} {items.Length}, - removes all.")}"
        );
    }

    private void Take(string line)
    {
        if (line[0] == '-' && PlainWords.Number(line[1..], Items().Length) is { } number)
        {
            var gone = Items()[number - 1];
            interview.Enter(field, string.Join('\n', Items().Where((_, i) => i != number - 1)));
            talk.Say($"Removed: {gone}");
            return;
        }

        foreach (var item in FieldText.ItemsOfLine(field, line))
            Add(field.Choices.IsEmpty ? item : PlainWords.Choice(field, item) ?? item);
    }

    // What is wrong with an item itself is told at once, and the others stay; what is wrong with the list, when it ends.
    private void Add(string item)
    {
        var before = interview.Text(field);
        string[] items = [.. Items(), item];
        interview.Enter(field, string.Join('\n', items));
        var mine = $"{field.Path}[{items.Length}]";
        var errors = interview
            .FindingsOf(field)
            .Where(f => f.Severity == Severity.Error && f.Path.StartsWith(mine, StringComparison.Ordinal))
            .ToArray();
        if (errors.Length == 0)
            return;
        foreach (var error in errors)
            talk.Say($"{PlainQuestions.Text(error)} It was not added.");
        interview.Enter(field, before);
    }
}
