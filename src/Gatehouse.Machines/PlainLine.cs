namespace Gatehouse.Machines;

/// <summary>Text of another host as it may be shown here: what it prints must not steer this terminal.</summary>
public static class PlainLine
{
    private const int Longest = 500;

    /// <summary>The line without escape sequences and control characters, cut to a bearable length.</summary>
    public static string Of(string line)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < line.Length && text.Length < Longest; i++)
        {
            if (line[i] == '\e')
                i = EndOfSequence(line, i);
            else if (!char.IsControl(line[i]))
                text.Append(line[i]);
            else if (line[i] == '\t')
                text.Append(' ');
        }

        return text.ToString();
    }

    // ECMA-48 section 5.4: CSI sequences end with a byte from 64 to 126; others are two characters long.
    private static int EndOfSequence(string line, int at)
    {
        if (at + 1 >= line.Length || line[at + 1] != '[')
            return at + 1;
        for (at += 2; at < line.Length && line[at] is not (>= '@' and <= '~'); at++)
            continue;
        return at;
    }
}
