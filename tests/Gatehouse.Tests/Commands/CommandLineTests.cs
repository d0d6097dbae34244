using System.CommandLine;
using Gatehouse.Terminal;
using Xunit;

namespace Gatehouse.Tests.Commands;

public sealed class CommandLineTests
{
    private static readonly string[] ForEverybody = ["help", "new", "schema", "check", "render"];

    public static TheoryData<string> Commands => [.. Names(CommandLine.Create())];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_that_looks_at_this_host_says_that_it_needs_root(string words)
    {
        var isFree = ForEverybody.Contains(words.Split(' ')[0]);
        var problem = RootNeed.Problem(words, "joe", isLive: true);
        if (isFree)
            Assert.Null(problem);
        else
            Assert.StartsWith($"'gatehouse {words}' needs root", problem);
        Assert.Null(RootNeed.Problem(words, "joe", isLive: false));
        Assert.Null(RootNeed.Problem(words, "root", isLive: true));
    }

    [Fact]
    public void Help_needs_nobody_in_particular()
    {
        Assert.Null(RootNeed.Problem(CommandLine.Create().Parse(["verify", "--help"])));
        Assert.Null(RootNeed.Problem("gatehouse", "joe", isLive: true));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_explains_itself_without_its_arguments(string words)
    {
        var parsed = CommandLine.Create().Parse([.. words.Split(' '), "--help"]);
        Assert.Empty(parsed.Errors);
        var output = new StringWriter();
        Assert.Equal(0, parsed.Invoke(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false }));
        // The library says nothing of what is hidden.
        if (!parsed.CommandResult.Command.Hidden)
            Assert.Contains("Usage:", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check", "")]
    [InlineData("apply", "")]
    [InlineData("restore", "")]
    [InlineData("setup", "--answers", "")]
    [InlineData("drift", "--root", "")]
    public void An_empty_name_is_the_name_of_no_file(params string[] words) =>
        Assert.Contains(
            CommandLine.Create().Parse(words).Errors,
            e => e.Message.EndsWith("is empty, and there is no such file.", StringComparison.Ordinal)
        );

    [Fact]
    public void Help_lists_every_command_by_task_and_begins_with_the_wizard()
    {
        var output = new StringWriter();
        var root = CommandLine.Create();
        Assert.Equal(0, CommandLine.Show(root, output));
        var lines = output.ToString().Split('\n');
        Assert.Contains("wizard", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("  setup ", lines.SkipWhile(l => l != "Set up a gateway:").ElementAt(1), StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("  plan [FILE] ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("  rollback [N] ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("  check FILE ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.StartsWith("  agent", StringComparison.Ordinal));
        foreach (var command in root.Subcommands.Where(c => !c.Hidden))
            Assert.Single(lines, l => l.StartsWith($"  {command.Name} ", StringComparison.Ordinal));
        Assert.All(lines, l => Assert.True(l.Length <= 140, l));
    }

    [Fact]
    public void The_program_alone_shows_its_help_and_a_wrong_word_does_not()
    {
        Assert.Empty(CommandLine.Create().Parse([]).Errors);
        Assert.NotEmpty(CommandLine.Create().Parse(["aply"]).Errors);
        Assert.Empty(CommandLine.Create().Parse(["help", "quarantine", "list"]).Errors);
    }

    private static IEnumerable<string> Names(Command command, string before = "") =>
        command.Subcommands.SelectMany(c => Names(c, $"{before}{c.Name} ").Prepend($"{before}{c.Name}"));
}
