using Gatehouse.Cluster.Applying;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Printing;

/// <summary>A plan in words.</summary>
internal static class PlanText
{
    public static void Write(Plan plan, RenderedNode node, TextWriter output, bool hasRecord = true)
    {
        if (plan.IsEmpty)
        {
            output.WriteLine("Nothing to do: the host already matches the answers.");
            if (!hasRecord)
                output.WriteLine(
                    "There is no record of an apply here; 'gatehouse apply' verifies the current configuration and records "
                        + "it as the first generation."
                );
            return;
        }

        foreach (var phase in plan.Steps.Where(s => s.Phase is not (Phase.Check or Phase.Verify)).GroupBy(s => s.Phase))
        {
            output.WriteLine($"{phase.Key}:");
            foreach (var step in phase)
                output.WriteLine($"  {step.Describe()}");
        }

        var checks = plan.In(Phase.Check).Count();
        var verifications = plan.In(Phase.Verify).Count();
        output.WriteLine(
            $"{(checks > 0 ? $"Before any file is written, {Checks(checks)} must pass. Afterwards" : "Afterwards")}, "
                + $"{verifications} {(verifications == 1 ? "verification" : "verifications")} must pass, or everything is rolled back."
        );
        if (plan.Of<UnitAction>().Any(a => a is { Unit: "exim4.service", Verb: UnitVerb.Restart or UnitVerb.Stop }))
            output.WriteLine("Mail is interrupted for about a second.");
        foreach (var path in node.Overridden)
            output.WriteLine($"The site's own template is used: {Shipped.SiteTemplates}/{path}");
    }

    private static string Checks(int number) => number == 1 ? "1 check" : $"{number} checks";
}
