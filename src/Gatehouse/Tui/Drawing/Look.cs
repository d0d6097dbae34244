namespace Gatehouse.Tui.Drawing;

/// <summary>What a text on the screen is; a surface decides how that looks, in colour or without.</summary>
internal enum Look
{
    /// <summary>Ordinary text on the terminal's own background.</summary>
    Plain,

    /// <summary>What stands out: titles, the current step.</summary>
    Bold,

    /// <summary>The first and the last row of the screen.</summary>
    Bar,

    /// <summary>A place to write in.</summary>
    Entry,

    /// <summary>The place that is written in now.</summary>
    EntryNow,

    /// <summary>The button or row that Enter takes.</summary>
    Chosen,

    /// <summary>What is wrong; the words always say so too.</summary>
    Error,

    /// <summary>Remarks and help.</summary>
    Note,

    /// <summary>What went well; the words always say so too.</summary>
    Good,
}
