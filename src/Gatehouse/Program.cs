using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

FileMask.SetUsual();
ProcessMemory.KeepPrivate();

// Scripts ask for the version often; it needs none of what follows.
if (args is ["--version"])
{
    Console.Out.WriteLine(Release.Version);
    return ExitCodes.Done;
}

var parsed = CommandLine.Create().Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine($"gatehouse: {error.Message}");
    Console.Error.WriteLine("Try 'gatehouse --help'.");
    return ExitCodes.BadInput;
}

if (RootNeed.Problem(parsed) is { } need)
{
    if (parsed.GetValue(GlobalOptions.Json))
        Console.Out.WriteLine(Json.Text(new JsonObject { ["outcome"] = "refused", ["problem"] = need }));
    Console.Error.WriteLine($"gatehouse: {need}");
    return ExitCodes.Refused;
}

try
{
    // Time enough for dpkg to finish and to put everything back after Ctrl-C or a stop of the service.
    return await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(35) }
    );
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
