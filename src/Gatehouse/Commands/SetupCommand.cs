using System.CommandLine;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Terminal;
using Gatehouse.Tui;
using Gatehouse.Tui.Drawing;
using Gatehouse.Wizard;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse setup</c></summary>
internal static class SetupCommand
{
    public static Command Create()
    {
        var answers = new Option<string?>("--answers")
        {
            Description = "Start with the answers of FILE; with 'interactive: [mta, web]' in it, only those screens are shown.",
            HelpName = "FILE",
        };
        var save = new Option<string?>("--save")
        {
            Description = "Also write the answers to FILE at the end of the questions.",
            HelpName = "FILE",
        };
        var command = new Command(
            "setup",
            "Asks for the settings of this host on the terminal, shows what would change, and applies it.\nWith --plain, "
                + "without a terminal, or on a terminal that cannot draw, it asks line by line.\n\nExample: gatehouse setup"
        )
        {
            answers,
            save,
        };
        command.SetAction(parse => Run(parse, parse.GetValue(answers), parse.GetValue(save) ?? ""));
        return command;
    }

    private static int Run(ParseResult parse, string? file, string save)
    {
        if (Preconditions.Problem(parse) is { } problem)
            return Refuse(problem);
        if (parse.GetValue(GlobalOptions.Json))
            return Refuse("the wizard has no JSON output; programs should use 'gatehouse apply --json'.");
        var machine = GlobalOptions.Machine(parse);
        Answers? given = null;
        if (file is not null && (given = Read(file)) is null)
            return ExitCodes.BadInput;
        var session = new SetupSession(machine, TimeProvider.System, given, save) { LooksAtNetwork = GlobalOptions.LooksAtNetwork(parse) };
        using var signals = new SetupSignals();
        using var surface = parse.GetValue(GlobalOptions.Plain) || Tty.IsSpoken() ? null : CursesSurface.TryOpen();
        try
        {
            return surface is null ? RunPlain(session, signals) : RunFull(session, surface, signals);
        }
        catch (WizardEndedException e)
        {
            surface?.Dispose();
            RawConsole.Error.WriteLine(
                e.Result is { } result ? $"gatehouse: {e.Message}. {ApplyText.Title(result)}: {ApplyText.State(result)}"
                : session.Home.HasDraft ? $"gatehouse: {e.Message}. Your answers are kept; 'gatehouse setup' continues where it stopped."
                : $"gatehouse: {e.Message}."
            );
            return e.Result is null ? ExitCodes.Cancelled : ApplyText.Code(e.Result);
        }
    }

    private static int RunFull(SetupSession session, Surface surface, SetupSignals signals)
    {
        var terminal = Tty.Name();
        using var only =
            SetupLock.TryTake(session.Home, terminal) ?? TuiTakeOver.Take(session.Home, surface, terminal, () => signals.Reason);
        return only is null
            ? ExitCodes.Refused
            : new TuiWizard(session, surface, only, terminal, Environment.MachineName, () => signals.Reason).Go();
    }

    private static int RunPlain(SetupSession session, SetupSignals signals)
    {
        var terminal = Tty.Name();
        // The input alone decides: with the output in a file, somebody at a keyboard still must not have a password shown.
        var talk = new PlainTalk(RawConsole.In, RawConsole.Out, Console.IsInputRedirected ? null : PlainEcho.Set, () => signals.Reason);
        using var only = PlainTakeOver.Take(talk, session.Home, terminal);
        return only is null ? ExitCodes.Refused : new PlainWizard(talk, session, only, terminal).Go();
    }

    private static Answers? Read(string file)
    {
        var report = new Report();
        Answers? answers = null;
        try
        {
            var screens = Shipped.Screens();
            answers = AnswerFile.Read(file, NamedFile.Read(file, YamlReader.MaximumBytes), screens, report);
            if (!WantedReader.IsOwnerOnly(file))
                foreach (var field in screens.Fields.Where(f => f.Kind.Name == "password" && answers[f.Path] is Scalar))
                    report.Error(
                        "secret-exposed",
                        field.Path,
                        $"this file contains a password and is readable by other users. Run 'chmod 600 {file}', or leave the "
                            + "password out and type it.",
                        answers[field.Path]!.Origin
                    );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report.Error("file-missing", file, $"the answer file cannot be read: {e.Message}");
        }

        foreach (var finding in report)
            RawConsole.Error.WriteLine(finding);
        return report.HasErrors ? null : answers;
    }

    private static int Refuse(string why)
    {
        RawConsole.Error.WriteLine($"gatehouse: refused: {why}");
        return ExitCodes.Refused;
    }
}
