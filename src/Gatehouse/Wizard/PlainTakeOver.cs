namespace Gatehouse.Wizard;

/// <summary>Takes the lock of the host's wizard, from another one if the operator says so.</summary>
internal static class PlainTakeOver
{
    /// <summary>The lock; null, with the reason told, when another wizard keeps it.</summary>
    public static SetupLock? Take(PlainTalk talk, SetupHome home, string terminal)
    {
        if (SetupLock.TryTake(home, terminal) is { } free)
            return free;
        var holder = SetupLock.Who(home);
        var where = $"The set-up of this host is open on {holder?.ToString() ?? "another terminal"}";
        if (holder is { IsApplying: true })
            talk.Say($"Error: {where}, and is changing the host right now. Wait until it is done.");
        else if (!talk.IsTerminal)
            talk.Say($"Error: {where}. End it there first.");
        else if (Confirm(talk, where))
        {
            if (SetupLock.TakeOver(home, terminal) is { } taken)
                return taken;
            talk.Say("Error: It could not be taken over: it is changing the host, or does not respond.");
        }

        return null;
    }

    private static bool Confirm(PlainTalk talk, string where)
    {
        talk.Say($"{where}. You can take it over; what was typed there is kept, and you continue here.");
        try
        {
            return talk.AskYesNo("Take it over?");
        }
        catch (InputEndedException)
        {
            return false;
        }
    }
}
