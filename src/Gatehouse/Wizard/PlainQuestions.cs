using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>What comes after a question.</summary>
internal enum PlainMove
{
    /// <summary>The next one.</summary>
    Next,

    /// <summary>The one before.</summary>
    Back,

    /// <summary>Out.</summary>
    Quit,
}

/// <summary>Asks for one field until its answer will do. A value that will not do is not kept.</summary>
internal sealed class PlainQuestions(PlainTalk talk, Interview interview)
{
    /// <summary>Asks for a field.</summary>
    public PlainMove Ask(Field field) =>
        field switch
        {
            { Kind.Name: "password" } => talk.Hidden(() => AskSecret(field)),
            { IsTable: true } or { IsList: true } => new PlainList(talk, interview, this, field).Ask(),
            _ => AskValue(field),
        };

    /// <summary>Asks whether to go through the settings that are usually left alone.</summary>
    public PlainMove AskMore(int count, bool current, out bool wanted)
    {
        wanted = current;
        talk.Say(
            count == 1
                ? "This screen has one more setting, which has a default."
                : $"This screen has {count} more settings, which all have defaults."
        );
        while (true)
        {
            var (meaning, answer) = PlainWords.Of(talk.Ask($"Go through {(count == 1 ? "it" : "them")}? (yes/no)", current ? "yes" : "no"));
            if (meaning == PlainMeaning.Back)
                return PlainMove.Back;
            if (meaning == PlainMeaning.Quit)
                return PlainMove.Quit;
            if (meaning == PlainMeaning.Keep)
                return PlainMove.Next;
            if (meaning == PlainMeaning.Answer && PlainTalk.YesOrNo(answer) is { } known)
            {
                wanted = known;
                return PlainMove.Next;
            }

            talk.Say(meaning == PlainMeaning.Help ? "Settings whose defaults rarely need changing." : "Error: Answer yes or no.");
        }
    }

    /// <summary>Tells what is wrong with a field, or worth knowing; whether nothing is wrong.</summary>
    public bool Tell(Field field)
    {
        var findings = interview.FindingsOf(field).ToArray();
        foreach (var finding in findings)
            talk.Say(Text(finding));
        return findings.All(f => f.Severity != Severity.Error);
    }

    /// <summary>A finding as a sentence.</summary>
    public static string Text(Finding finding) =>
        $"{(finding.Severity switch { Severity.Error => "Error", Severity.Warning => "Warning", _ => "Note" })}: {finding.Message}";

    /// <summary>Says everything there is to know about a field.</summary>
    public void Help(Field field)
    {
        foreach (var line in FieldHelp.Of(field))
            talk.Say(line);
    }

    /// <summary>Says the choices of a field, with their numbers.</summary>
    public void SayChoices(Field field)
    {
        for (var i = 0; i < field.Choices.Length; i++)
            talk.Say($"  {i + 1}. {field.Choices[i].Value}: {field.Choices[i].Text}");
    }

    private PlainMove AskValue(Field field)
    {
        if (!field.Choices.IsEmpty)
            talk.Say($"{field.Label}:");
        SayChoices(field);
        while (true)
        {
            var (meaning, answer) = PlainWords.Of(
                talk.Ask(PlainWords.Label(field), PlainWords.Current(field, interview), repeats: !field.Kind.IsSecret)
            );
            switch (meaning)
            {
                case PlainMeaning.Back:
                    return PlainMove.Back;
                case PlainMeaning.Quit:
                    return PlainMove.Quit;
                case PlainMeaning.Help:
                    Help(field);
                    continue;
                case PlainMeaning.Clear:
                    interview.Enter(field, "");
                    interview.Settle(field);
                    if (interview.Text(field).Length > 0)
                        talk.Say($"{field.Label} is back at its default: {PlainWords.Current(field, interview)}.");
                    break;
                case PlainMeaning.Answer when !Take(field, answer):
                    continue;
            }

            if (Tell(field))
                return PlainMove.Next;
        }
    }

    // Whether the answer could be taken; what is wrong with it has been told otherwise.
    private bool Take(Field field, string answer)
    {
        var value =
            field.Kind.Name == "boolean"
                ? PlainTalk.YesOrNo(answer) switch
                {
                    true => "true",
                    false => "false",
                    _ => null,
                }
            : field.Choices.IsEmpty ? answer
            : PlainWords.Choice(field, answer) ?? answer;
        if (value is null)
        {
            talk.Say("Error: Answer yes or no.");
            return false;
        }

        var before = interview.Text(field);
        interview.Enter(field, value);
        if (interview.FindingsOf(field).All(f => f.Severity != Severity.Error))
            return true;
        Tell(field);
        interview.Enter(field, before);
        return false;
    }

    private PlainMove AskSecret(Field field)
    {
        while (true)
        {
            var (meaning, first) = PlainWords.OfSecret(talk.AskSecret(field.Label, interview.SecretState(field)));
            switch (meaning)
            {
                case PlainMeaning.Back:
                    return PlainMove.Back;
                case PlainMeaning.Quit:
                    return PlainMove.Quit;
                case PlainMeaning.Help:
                    Help(field);
                    continue;
                case PlainMeaning.Clear:
                    interview.ForgetSecret(field);
                    talk.Say($"{field.Label}: {interview.SecretState(field)}.");
                    break;
                case PlainMeaning.Answer when !TakeSecret(field, first):
                    continue;
            }

            if (Tell(field))
                return PlainMove.Next;
        }
    }

    private bool TakeSecret(Field field, string first)
    {
        var second = PlainWords.OfSecret(talk.AskSecret("Repeat the password")).Answer;
        if (first != second)
        {
            talk.Say("Error: The two passwords are not the same.");
            return false;
        }

        var before = interview.SecretText(field);
        interview.EnterSecret(field, first, second);
        if (interview.FindingsOf(field).All(f => f.Severity != Severity.Error))
        {
            talk.Say($"{field.Label}: {interview.SecretState(field)}.");
            return true;
        }

        Tell(field);
        interview.EnterSecret(field, before.First, before.Second);
        return false;
    }
}
