using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class ProcessMemoryTests
{
    private const string Maps = """
        00001000-00003000 r-xp 0181c000 00:28 2139399                    /usr/lib/gatehouse/gatehouse
        Size:                  8 kB
        Rss:                   8 kB
        Anonymous:             0 kB
        VmFlags: rd ex mr mw me
        00003000-00004000 r-xp 0181c000 00:28 2139399                    /usr/lib/gatehouse/gatehouse
        Anonymous:             4 kB
        00004000-00005000 rw-p 0181c000 00:28 2139399                    /usr/lib/gatehouse/gatehouse
        Anonymous:             0 kB
        00005000-00006000 r-xp 0181c000 00:28 1                          /usr/lib/libc.so.6
        Anonymous:             0 kB
        00006000-00007000 rw-p 00000000 00:00 0
        Anonymous:             0 kB
        7f0000000000-7f0000001000 r--s 0181c000 00:28 2139399            /usr/lib/gatehouse/gatehouse
        Anonymous:             0 kB
        """;

    [Fact]
    public void Only_what_is_as_in_the_programs_file_is_given_back() =>
        Assert.Equal(
            [(0x1000, 0x2000), (0x7f0000000000, 0x1000)],
            ProcessMemory.UnchangedPages(Maps.Split('\n'), "/usr/lib/gatehouse/gatehouse").Select(p => ((long)p.Start, (long)p.Length))
        );

    [Fact]
    public void The_program_goes_on_after_it()
    {
        ProcessMemory.GiveBackProgram();
        ProcessMemory.GiveBackProgram();
        Assert.Equal("x", string.Concat(new[] { "x" }.Where(s => s.Length == 1)));
    }
}
