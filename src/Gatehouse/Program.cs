using System.CommandLine;
using Gatehouse;
using Gatehouse.Commands;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;

FileMask.SetUsual();
ProcessMemory.KeepPrivate();

// Scripts ask for the version often; it needs none of what follows.
if (args is ["--version"])
{
    Console.Out.WriteLine(Release.Version);
    return ExitCodes.Done;
}

var root = new RootCommand("Sets up a mail gateway on Debian 12 from an answer file, and proves that it works.")
{
    NewCommand.Create(),
    SchemaCommand.Create(),
    CheckCommand.Create(),
    RenderCommand.Create(),
    PlanCommand.Create(),
    ApplyCommand.Create(),
    RollbackCommand.Create(),
    HistoryCommand.Create(),
    DriftCommand.Create(),
    VerifyCommand.Create(),
    SetupCommand.Create(),
    BootstrapCommand.Create(),
    InviteCommand.Create(),
    AddCommand.Create(),
    JoinCommand.Create(),
    StatusCommand.Create(),
    NodeCommand.Create(),
    LeaveCommand.Create(),
    PromoteCommand.Create(),
    CaCommand.Create(),
    BackupCommand.Create(),
    RestoreCommand.Create(),
    SyncCommand.Create(),
    ClusterRunCommand.Create(),
    QuarantineCommand.Create(),
    LogsCommand.Create(),
    AgentCommand.Create(),
};
GlobalOptions.AddTo(root);

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors) Console.Error.WriteLine($"gatehouse: {error.Message}");
    Console.Error.WriteLine("Try 'gatehouse --help'.");
    return ExitCodes.BadInput;
}

try
{
    // Time enough to put everything back after Ctrl-C or a stop of the service.
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(10) });
}
catch (OperationCanceledException e)
{
    Console.Error.WriteLine($"gatehouse: {(e.Message.StartsWith("cancelled", StringComparison.Ordinal) ? e.Message : "cancelled")}");
    return ExitCodes.Cancelled;
}
catch (Exception e) when (e is MachineException or TemplateException or FormatException)
{
    Console.Error.WriteLine($"gatehouse: {e.Message}");
    return ExitCodes.Failed;
}
