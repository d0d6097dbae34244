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
        Assert.Contains(
            expected,
            Assert.Throws<FormatException>(() => ComponentReader.Read("c.yaml", Encoding.UTF8.GetBytes(yaml))).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(
        "id: a\ntitle: b\nhelp: c\norder: 1\nfields:\n  - {key: k, label: l, help: h, kind: colour}\n",
        "s.yaml:6:5: there is no field kind 'colour'"
    )]
    [InlineData(
        "id: a\ntitle: b\nhelp: c\norder: 1\nfields:\n  - {key: k, lable: l, help: h, kind: text}\n",
        "s.yaml:6:14: unknown key 'lable'"
    )]
    [InlineData("id: a\ntitle: b\nhelp: c\norder: 1\nfields:\n  - {key: k, label: l, kind: text}\n", "s.yaml:6:5: 'help' is missing")]
    [InlineData(
        "id: a\ntitle: b\nhelp: c\norder: 1\nfields:\n  - {key: k, label: l, help: h, kind: text, advanced: yes}\n",
        "s.yaml:6:55: 'advanced' is true or false, not 'yes'"
    )]
    [InlineData("id: a\ntitle: b\nhelp: c\norder: 1\nclusterd: true\nfields: []\n", "s.yaml:5:1: unknown key 'clusterd'")]
    [InlineData("title: b\n", "'id' is missing")]
    [InlineData("id: [\n", "s.yaml:")]
    public void A_bad_screen_is_refused(string yaml, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<FormatException>(() => ScreenReader.Read("s.yaml", Encoding.UTF8.GetBytes(yaml))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Every_attribute_of_a_screen_and_its_fields_is_read()
    {
        var screen = ScreenReader.Read(
            "s.yaml",
            Encoding.UTF8.GetBytes(
                """
                id: a
                title: Title
                help: Help.
                order: 7
                roles: [mail]
                clustered: true
                fields:
                  - {key: n, label: Number, help: Words., kind: integer, advanced: true, required: true, default: "5",
                     default-from: facts.address, propose: facts.connections, example: "6", min: 1, max: 9, when: {a.b: [x, y]}}
                  - {key: t, label: Text, help: Words., kind: list, items: text, pattern: "[a-z]", pattern-text: must be a letter}
                  - {key: c, label: Choice, help: Words., kind: choice, choices: {x: an x}}
                  - {key: f, label: File, help: Words., kind: path, exists: true}
                  - {key: h, label: Host, help: Words., kind: hostport, port: 25}
                  - {key: r, label: Rows, help: Words., kind: table, columns: [{key: k, label: K, help: Words., kind: fqdn}]}
                """
            )
        );
        Assert.Equal(("a", "Title", "Help.", 7, true), (screen.Id, screen.Title, screen.Help, screen.Order, screen.Clustered));
        Assert.Equal(["mail"], screen.Roles.AsEnumerable());
        var number = screen.Fields[0];
        Assert.Equal(("n", "a.n", "Number", "Words.", "integer"), (number.Key, number.Path, number.Label, number.Help, number.Kind.Name));
        Assert.True(
            number
                is {
                    Advanced: true,
                    Required: true,
                    IsList: false,
                    Default: "5",
                    DefaultFrom: "facts.address",
                    Propose: "facts.connections",
                    Example: "6",
                    Minimum: 1,
                    Maximum: 9,
                    When.Path: "a.b"
                }
        );
        Assert.Equal(["x", "y"], number.When!.AnyOf.AsEnumerable());
        Assert.True(
            screen.Fields[1]
                is { IsList: true, Kind.Name: "text", Pattern: "[a-z]", PatternText: "must be a letter", Advanced: false, Propose: null }
        );
        Assert.Equal([new Choice("x", "an x")], screen.Fields[2].Choices.AsEnumerable());
        Assert.True(screen.Fields[3].MustExist);
        Assert.Equal(25, screen.Fields[4].DefaultPort);
        Assert.Equal(["k"], screen.Fields[5].Columns.Select(c => c.Key));
    }
}
