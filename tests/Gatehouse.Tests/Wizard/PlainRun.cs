using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Tests.Machines;
using Gatehouse.Tests.Support;
using Gatehouse.Wizard;

namespace Gatehouse.Tests.Wizard;

/// <summary>The plain mode on a tree, answered from strings.</summary>
internal sealed class PlainRun : IDisposable
{
    /// <summary>Answers to each screen's questions that make a gateway, on a machine that answers none by itself.</summary>
    public static readonly string[] SystemScreen = ["mx1.example.org", "192.0.2.10", "", "", "192.0.2.53", "", "192.0.2.0/24", "", ""];

    public static readonly string[] ScannerScreen = ["EXAMPLE", "", "", "", "", ""];

    public static readonly string[] MtaScreen = ["example.com mail.example.com", "", "", "", "postmaster@example.com", "", ""];

    public static readonly string[] WebScreen = ["", "", "", ""];

    /// <summary>What is asked of a cluster beyond a gateway: nothing that it needs.</summary>
    public static readonly string[] ClusterScreens = ["", "", "", "", "", "", "", "", "", ""];

    public static readonly string[] Whole = ["1", .. SystemScreen, .. ScannerScreen, .. MtaScreen, .. WebScreen];

    public Tree Tree { get; } = new();

    public SetupHome Home => new(Tree.Machine);

    /// <summary>The answers to begin with, as a file.</summary>
    public string Given { get; init; } = "";

    public string SaveTo { get; init; } = "";

    public bool IsTerminal { get; init; }

    /// <summary>Whether the tree passes for a host, so that everything is offered.</summary>
    public bool IsHost { get; init; }

    /// <summary>Everything said so far.</summary>
    public StringWriter Said { get; } = new();

    /// <summary>What the echo was set to, in turn.</summary>
    public List<bool> Echo { get; } = [];

    /// <summary>Runs a wizard over lines; its exit code and what it said.</summary>
    public (int Code, string Text) Go(params string[] lines)
    {
        var before = Said.ToString().Length;
        var code = Go(new StringReader(string.Join('\n', lines) + "\n"));
        return (code, Said.ToString()[before..]);
    }

    public int Go(TextReader input, Func<string?>? ended = null)
    {
        Answers? given =
            Given.Length > 0 ? AnswerFile.Read("answers.yaml", Encoding.UTF8.GetBytes(Given), Samples.Screens, new Report()) : null;
        var session = new SetupSession(Tree.Machine, new FixedClock(), given, SaveTo, Samples.Facts, IsHost);
        using var only = SetupLock.TryTake(session.Home, "the test")!;
        var talk = new PlainTalk(input, Said, IsTerminal ? Echo.Add : null, ended ?? (() => null));
        return new PlainWizard(talk, session, only, "the test").Go();
    }

    public void Dispose() => Tree.Dispose();
}
