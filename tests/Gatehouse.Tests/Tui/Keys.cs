using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tests.Tui;

/// <summary>Keys as tests write them: text as it is, keys by name.</summary>
internal static class Keys
{
    public static IEnumerable<Press> Type(string text)
    {
        for (var i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
            yield return text[i] == '\n' ? new Press(Key.Enter) : Press.Of(char.ConvertFromUtf32(char.ConvertToUtf32(text, i)));
    }

    public static IEnumerable<Press> Of(params Key[] keys) => keys.Select(k => new Press(k));

    /// <summary>Waits, key by key of nothing, until something shows.</summary>
    public static IEnumerable<Press> Until(MemorySurface surface, string text)
    {
        for (var waited = 0; !surface.Shows(text); waited++)
        {
            if (waited > 3000)
                throw new InvalidOperationException($"'{text}' does not show up:\n{surface.Frame}");
            Thread.Sleep(10);
            yield return new Press(Key.None);
        }
    }
}
