using Gatehouse.Core.Screens;

namespace Gatehouse.Tui.Widgets;

/// <summary>Which widget a field gets, by its kind.</summary>
internal static class WidgetKinds
{
    /// <summary>The widgets of a field: two for a password, one for anything else.</summary>
    public static FieldWidget[] For(Field field, Func<Field, int, int> pick)
    {
        if (field.Kind.Name == "password")
        {
            var (first, second) = (new SecretEntry(field, false), new SecretEntry(field, true));
            (first.Other, second.Other) = (second, first);
            return [first, second];
        }

        return
        [
            field switch
            {
                { IsTable: true } => new Area(field),
                { IsList: true, Choices.IsEmpty: false } => new Checks(field),
                { IsList: true } => new Area(field),
                { Kind.Name: "boolean" } => new Check(field),
                { Choices.IsEmpty: false } => new Choose(field, pick),
                _ => new Entry(field),
            },
        ];
    }
}
