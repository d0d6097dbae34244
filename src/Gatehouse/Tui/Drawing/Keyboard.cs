using System.Text;
using Gatehouse.Core.Values;

namespace Gatehouse.Tui.Drawing;

/// <summary>
/// Makes presses of what curses reads. Input is taken for UTF-8 whatever the locale, because the terminal at the other
/// end decides what it sends; bytes that are none are dropped. So are keys without a meaning, to the end of their sequence.
/// </summary>
/// <param name="read">The next byte or key code, or a negative number when there is none.</param>
/// <param name="wait">Whether there will be one within a time.</param>
internal sealed class Keyboard(Func<int> read, Func<TimeSpan, bool> wait)
{
    /// <summary>The key code by which curses tells that the size has changed.</summary>
    public const int Resized = 410;

    private const int Escape = 27;
    private const int FirstCode = 256;
    private const int FirstOwnCode = 2000;
    private const int FirstPadCode = 3000;

    /// <summary>How long the rest of a sequence may be on its way over a slow line.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(50);

    private readonly Stack<int> putBack = [];
    private long enteredAt;

    /// <summary>How many bytes and codes were read so far.</summary>
    public long Taken { get; private set; }

    /// <summary>
    /// What terminals send for keys, whatever they claim to be: PuTTY, serial consoles and viewers of management boards
    /// rarely send what the terminal description of their TERM says.
    /// </summary>
    public static IEnumerable<(string Sequence, int Code)> Sequences()
    {
        (Key Key, string[] Endings)[] keys =
        [
            (Key.Up, ["[A", "OA"]),
            (Key.Down, ["[B", "OB"]),
            (Key.Right, ["[C", "OC"]),
            (Key.Left, ["[D", "OD"]),
            (Key.Home, ["[H", "OH", "[1~", "[7~"]),
            (Key.End, ["[F", "OF", "[4~", "[8~"]),
            (Key.PageUp, ["[5~"]),
            (Key.PageDown, ["[6~"]),
            (Key.Delete, ["[3~"]),
            (Key.BackTab, ["[Z", "\t"]),
            (Key.Help, ["OP", "[11~", "[[A"]),
            (Key.Steps, ["OQ", "[12~", "[[B"]),
            (Key.Log, ["OR", "[13~", "[[C"]),
            (Key.Escape, ["[21~"]),
            (Key.Enter, ["OM"]),
            (Key.PasteBegin, ["[200~"]),
            (Key.PasteEnd, ["[201~"]),
        ];
        foreach (var (key, endings) in keys)
        {
            foreach (var ending in endings)
                yield return ($"\e{ending}", FirstOwnCode + (int)key);
        }

        // The number pad of a VT100 and of what emulates one: addresses are typed on it.
        const string pad = "0123456789.-,+*/=",
            endingsOfPad = "pqrstuvwxynmlkjoX";
        for (var i = 0; i < pad.Length; i++)
            yield return ($"\eO{endingsOfPad[i]}", FirstPadCode + pad[i]);
    }

    /// <summary>The next press; null when nothing is there.</summary>
    public Press? Read()
    {
        for (var code = Take(); code >= 0; code = Take())
        {
            if (Meaning(code) is { } press)
                return press;
        }

        return null;
    }

    /// <summary>Puts a code back, to be read next.</summary>
    public void Return(int code)
    {
        if (code < 0)
            return;
        putBack.Push(code);
    }

    /// <summary>Throws away what was put back.</summary>
    public void Forget() => putBack.Clear();

    private Press? Meaning(int code) =>
        code switch
        {
            >= FirstPadCode => Press.Of(((char)(code - FirstPadCode)).ToString()),
            >= FirstOwnCode => new((Key)(code - FirstOwnCode)),
            >= FirstCode => Known(code),
            >= ' ' and < 0x7f => Press.Of(((char)code).ToString()),
            >= 0x80 => Character(code),
            Escape => AfterEscape(),
            _ => Control(code),
        };

    /// <summary>A key that curses knows from the terminal's description.</summary>
    private static Press? Known(int code) =>
        code switch
        {
            258 => new(Key.Down),
            259 => new(Key.Up),
            260 => new(Key.Left),
            261 => new(Key.Right),
            262 or 348 or 362 => new(Key.Home), // upper left of the number pad, and a VT220's Find
            263 => new(Key.Backspace),
            265 => new(Key.Help),
            266 => new(Key.Steps),
            267 => new(Key.Log),
            274 => new(Key.Escape),
            330 => new(Key.Delete),
            338 or 352 => new(Key.PageDown),
            339 or 349 => new(Key.PageUp),
            343 => new(Key.Enter),
            353 => new(Key.BackTab),
            351 or 360 or 385 => new(Key.End), // lower left, and a VT220's Select
            Resized => new(Key.Repaint),
            _ => null,
        };

    private Press? Control(int code)
    {
        switch (code)
        {
            case '\r':
                // Lines that are pasted end with both. The second is there already, however long the first one takes to be worked on.
                if (Take() is var next && next != '\n')
                    Return(next);
                enteredAt = Environment.TickCount64;
                return new(Key.Enter);
            case '\n':
                // Some serial terminals send both for one key.
                var same = Environment.TickCount64 - enteredAt < 20;
                enteredAt = 0;
                return same ? null : new(Key.Enter);
            case '\t':
                return new(Key.Tab);
            case 8 or 0x7f:
                return new(Key.Backspace);
            case 'A' - 64:
                return new(Key.Home);
            case 'B' - 64:
                return new(Key.PageUp);
            case 'C' - 64:
                return new(Key.Escape);
            case 'D' - 64:
                return new(Key.Delete);
            case 'E' - 64:
                return new(Key.End);
            case 'F' - 64:
                return new(Key.PageDown);
            case 'L' - 64:
                return new(Key.Repaint);
            case 'U' - 64:
                return new(Key.Kill);
            default:
                return null;
        }
    }

    /// <summary>Alone it is the key of that name; with more right behind it, a key that nobody knows.</summary>
    private Press? AfterEscape()
    {
        // Curses has waited for more already.
        var next = Take();
        switch (next)
        {
            case < 0:
                return new(Key.Escape);
            case Escape:
                return AfterEscape();
            case '[':
                SkipControl();
                break;
            case 'O':
                More();
                break;
            case ']' or 'P' or 'X' or '^' or '_':
                SkipAnswer();
                break;
            case >= 0xc2 and < FirstCode:
                Character(next);
                break;
        }

        return null;
    }

    /// <summary>To the final byte of a control sequence; a Linux console's F4 and F5 have a bracket more.</summary>
    private void SkipControl()
    {
        var next = More();
        if (next == '[')
            More();
        else
        {
            for (var length = 0; next is >= ' ' and < '@' && length < 64; length++)
                next = More();
            if (next is < ' ' or >= FirstCode)
                Return(next);
        }
    }

    /// <summary>To the end of a text that a terminal sends of itself.</summary>
    private void SkipAnswer()
    {
        for (var length = 0; length < 4096; length++)
        {
            switch (More())
            {
                case < 0 or 7 or 0x9c:
                    return;
                case Escape:
                    More();
                    return;
            }
        }
    }

    private Press? Character(int first)
    {
        // The one-byte forms of escape and bracket, and of escape and O, that a VT220 can send.
        if (first == 0x9b)
            SkipControl();
        if (first == 0x8f)
            More();
        var length = first switch
        {
            >= 0xc2 and < 0xe0 => 2,
            >= 0xe0 and < 0xf0 => 3,
            >= 0xf0 and < 0xf5 => 4,
            _ => 1,
        };
        Span<byte> bytes = stackalloc byte[length];
        bytes[0] = (byte)first;
        for (var i = 1; i < length; i++)
        {
            var next = More();
            if (next is < 0x80 or > 0xbf)
            {
                Return(next);
                return null;
            }

            bytes[i] = (byte)next;
        }

        var good = Rune.DecodeFromUtf8(bytes, out var rune, out _) == System.Buffers.OperationStatus.Done;
        return good && !TextWidth.Unshowable(rune) ? Press.Of(rune.ToString()) : null;
    }

    private int More()
    {
        var code = Take();
        return code < 0 && wait(Rest) ? Take() : code;
    }

    private int Take()
    {
        if (putBack.TryPop(out var code))
            return code;
        code = read();
        if (code >= 0)
            Taken++;
        return code;
    }
}
