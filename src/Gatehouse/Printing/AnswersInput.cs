using System.CommandLine;
using System.Text;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Terminal;

namespace Gatehouse.Printing;

/// <summary>Takes a command's answer file through the first half of the line, telling findings as it goes.</summary>
internal sealed class AnswersInput
{
    /// <summary>An answer file that must be named.</summary>
    public static Argument<string> Required() => new("FILE") { Description = "The answer file." };

    /// <summary>An answer file; without it, the answers in force.</summary>
    public static Argument<string?> Optional() =>
        new("FILE")
        {
            Description = $"The answer file; without it, the answers in force ({AnswersInForce.Path}).",
            Arity = ArgumentArity.ZeroOrOne,
        };

    private readonly LocalMachine machine;
    private readonly Pipeline pipeline;
    private readonly ParseResult parse;

    private AnswersInput(ParseResult parse, bool renders)
    {
        this.parse = parse;
        machine = GlobalOptions.Machine(parse);
        pipeline = new Pipeline(machine, TimeProvider.System, renders);
    }

    /// <summary>The machine, the line, the settings and what they render to.</summary>
    /// <param name="Machine">What is worked on.</param>
    /// <param name="Pipeline">The line.</param>
    /// <param name="Settings">The settings.</param>
    /// <param name="Node">What they render to.</param>
    public sealed record Result(LocalMachine Machine, Pipeline Pipeline, GatewaySettings Settings, RenderedNode Node);

    /// <summary>Reads, resolves and renders. Null means that the answers will not do; findings were printed, the exit code is 2.</summary>
    public static Task<Result?> RenderAsync(ParseResult parse, string? file, CancellationToken ct) =>
        RenderAsync(parse, file, acts: false, ct);

    /// <summary>The same for a command that makes a host so or shows how: screens that are to be asked, and are not, are worth a
    /// word.</summary>
    public static Task<Result?> RenderToActAsync(ParseResult parse, string? file, CancellationToken ct) =>
        RenderAsync(parse, file, acts: true, ct);

    /// <summary>Reads and resolves only, for <c>check</c>: prompts stay open.</summary>
    public static (Pipeline Pipeline, GatewaySettings? Settings) Check(ParseResult parse, string file)
    {
        var input = new AnswersInput(parse, renders: false);
        return (input.pipeline, input.Read(file, null, out _));
    }

    /// <summary>Reads and resolves for a sequence, asking for passwords where there is a terminal. Null settings: findings were
    /// printed.</summary>
    public static (Pipeline Pipeline, GatewaySettings? Settings) Resolve(ParseResult parse, string file)
    {
        var input = new AnswersInput(parse, renders: false);
        return (input.pipeline, input.Settings(file, Prompt(parse), acts: true, out _));
    }

    /// <summary>Reads and resolves a file, or the answers in force, to look at. Null: findings were printed.</summary>
    public static GatewaySettings? Look(ParseResult parse, string? file) =>
        new AnswersInput(parse, renders: false).Settings(file, _ => "not asked for", acts: false, out _);

    /// <summary>The settings of the answers in force, for a command that looks at the host; null when there are none or they cannot be
    /// used. Nothing is printed.</summary>
    public static (Facts Facts, GatewaySettings? Settings) InForceSettings(ParseResult parse)
    {
        var input = new AnswersInput(parse, renders: false);
        var file = input.machine.Real(AnswersInForce.Path);
        return (input.pipeline.Facts, File.Exists(file) ? input.Read(file, _ => "not asked for", out _) : null);
    }

    private static async Task<Result?> RenderAsync(ParseResult parse, string? file, bool acts, CancellationToken ct)
    {
        var input = new AnswersInput(parse, renders: true);
        if (input.Settings(file, Prompt(parse), acts, out var text) is not { } settings)
            return null;
        return new Result(input.machine, input.pipeline, settings, await input.pipeline.RenderAsync(settings, text, ct));
    }

    private GatewaySettings? Settings(string? file, Func<string, string?>? prompt, bool acts, out string text)
    {
        var name = file ?? machine.Real(AnswersInForce.Path);
        var settings = Read(name, prompt, out text);
        if (acts)
            WarnOfUnasked(name);
        if (settings is { AwaitsPassword: true })
        {
            pipeline.Report.Error(
                "prompt-without-terminal",
                "",
                "the answers prompt for a password, but there is no terminal; give it as {file: PATH} or {env: NAME}."
            );
            settings = null;
        }

        foreach (var finding in pipeline.Report)
            Console.Error.WriteLine(finding);
        if (settings is null && parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Findings(pipeline.Report));
        return settings;
    }

    private void WarnOfUnasked(string file)
    {
        if (pipeline.Answers is not { Interactive: { IsEmpty: false } unasked })
            return;
        var are = unasked.Length == 1 ? "is" : "are";
        pipeline.Report.Warn(
            "interactive-not-asked",
            "interactive",
            $"{string.Join(", ", unasked)} {are} marked as interactive, but {are} used as written here. To be asked, run "
                + $"'gatehouse setup --answers {file}'."
        );
    }

    private GatewaySettings? Read(string file, Func<string, string?>? prompt, out string text)
    {
        text = "";
        try
        {
            var bytes = NamedFile.Read(file, Core.Yaml.YamlReader.MaximumBytes);
            text = Encoding.UTF8.GetString(bytes);
            return pipeline.Resolve(file, bytes, WantedReader.IsOwnerOnly(file), prompt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            pipeline.Report.Error(
                "file-missing",
                file,
                File.Exists(file) || Directory.Exists(file) ? $"the answer file cannot be read: {e.Message.TrimEnd('.')}."
                    : e is UnauthorizedAccessException ? "permission denied; run the command as the owner of this file or as root."
                    : "the answer file does not exist. 'gatehouse new' writes one to start from."
            );
            return null;
        }
    }

    private static Func<string, string?>? Prompt(ParseResult parse)
    {
        if (Console.IsInputRedirected || parse.GetValue(GlobalOptions.Json))
            return null;
        return label =>
        {
            Console.Error.Write($"{label}: ");
            return SecretLine();
        };
    }

    private static string SecretLine()
    {
        var line = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace && line.Length > 0)
                line.Length--;
            else if (!char.IsControl(key.KeyChar))
                line.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return line.ToString();
    }
}
