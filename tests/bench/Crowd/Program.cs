using System.Globalization;
using Crowd;
using Gatehouse.Agent;

// crowd join COUNT DIRECTORY   COUNT hosts join at the same moment; prints how many failed, and the seconds it took.
//                              What they were given is kept in DIRECTORY, a file each.
// crowd answer DIRECTORY       the nodes of DIRECTORY answer as agents do, on the addresses that they joined with, until input ends.
if (args is ["join", var count, var kept])
{
    var (failed, seconds) = await Joiners.RunAsync(
        int.Parse(count, CultureInfo.InvariantCulture),
        kept,
        LocalNodeFile.Read() ?? throw new InvalidOperationException("this host is no member")
    );
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{failed} {seconds:0.00}"));
    return failed == 0 ? 0 : 1;
}

if (args is ["answer", var nodes])
{
    await using var crowd = Answerers.Start(nodes);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{crowd.Count} nodes answer"));
    await Console.In.ReadToEndAsync();
    return 0;
}

Console.Error.WriteLine("usage: crowd join COUNT DIRECTORY | crowd answer DIRECTORY");
return 2;
