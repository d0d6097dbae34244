using System.Text;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Screens;
using Xunit;

namespace Gatehouse.Tests.Core;

/// <summary>Mistakes in the program's own data name file and line.</summary>
public sealed class ReaderTests
{
    [Theory]
    [InlineData("name: a\nsummary: b\norder: 1\nfilez: []\n", "c.yaml:4:1")]
    [InlineData("name: a\norder: 1\n", "'summary' is missing")]
    [InlineData("name: a\nsummary: b\norder: 1\nfiles:\n  - {path: /x}\n", "c.yaml:5:5")]
    [InlineData("name: a\nsummary: b\norder: 1\nfiles:\n  - {path: /x, template: t, mode: rw}\n", "'rw' is not an octal mode")]
    [InlineData("name: a\nsummary: b\norder: 1\nverifications:\n  - {name: n, kind: run, within: soon}\n", "c.yaml:5:5")]
    [InlineData("name: [\n", "c.yaml:")]
    public void A_bad_component_is_refused(string yaml, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => ComponentReader.Read("c.yaml", Encoding.UTF8.GetBytes(yaml))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("id: a\ntitle: b\nhelp: c\norder: 1\nfields:\n  - {key: k, label: l, help: h, kind: colour}\n", "s.yaml:6:5: there is no field kind 'colour'")]
    [InlineData("id: a\ntitle: b\nhelp: c\norder: 1\nfields:\n  - {key: k, lable: l, help: h, kind: text}\n", "s.yaml:6:14: unknown key 'lable'")]
    [InlineData("id: a\ntitle: b\nhelp: c\norder: 1\nfields:\n  - {key: k, label: l, kind: text}\n", "s.yaml:6:5: 'help' is missing")]
    [InlineData("title: b\n", "'id' is missing")]
    [InlineData("id: [\n", "s.yaml:")]
    public void A_bad_screen_is_refused(string yaml, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => ScreenReader.Read("s.yaml", Encoding.UTF8.GetBytes(yaml))).Message, StringComparison.Ordinal);
}
