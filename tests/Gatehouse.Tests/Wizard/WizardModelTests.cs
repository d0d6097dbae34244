using System.Collections.Immutable;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Wizard;
using Gatehouse.Core.Yaml;
using Gatehouse.Tests.Machines;
using Gatehouse.Tests.Support;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Wizard;

/// <summary>What both faces of the wizard rely on.</summary>
public sealed class WizardModelTests
{
    [Fact]
    public void A_needed_list_is_missing_where_the_host_has_nothing_for_it()
    {
        var interview = Begin(Samples.Facts);
        Assert.Contains(interview.FindingsOf(Field("system.resolvers")), f => f.Code == "missing");
    }

    [Fact]
    public void A_needed_list_that_was_emptied_gets_its_default_back()
    {
        var interview = Begin(Samples.Facts with { Resolvers = [Samples.Address("192.0.2.53")] });
        interview.Enter(Field("system.resolvers"), "");
        interview.Settle(Field("system.resolvers"));
        Assert.Equal("192.0.2.53", interview.Text(Field("system.resolvers")));
    }

    [Fact]
    public void A_password_that_is_not_asked_any_more_is_not_complained_about()
    {
        var interview = Begin(Samples.Facts);
        interview.Enter(Field("mta.smart_host"), "relay.example.net");
        interview.Enter(Field("mta.smart_host_user"), "gateway");
        interview.EnterSecret(Field("mta.smart_host_password"), "one", "two");
        Assert.Contains(interview.Findings, f => f.Code == "password-mismatch");
        interview.Enter(Field("mta.smart_host"), "");
        Assert.DoesNotContain(interview.Findings, f => f.Code == "password-mismatch");
    }

    [Fact]
    public void A_password_that_a_draft_did_not_keep_is_told_of_at_its_field()
    {
        var before = Begin(Samples.Facts);
        before.EnterSecret(Field("web.password"), "one", "one");
        var draft = Draft.FromJson(before.Save(new Draft { Task = "gateway" }).ToJson())!;
        var after = Begin(Samples.Facts);
        after.Restore(draft);
        Assert.Equal("what you typed was not kept; will be generated", after.SecretState(Field("web.password")));
        after.EnterSecret(Field("web.password"), "two", "two");
        Assert.Equal("typed in", after.SecretState(Field("web.password")));
    }

    [Fact]
    public void A_password_that_is_not_asked_any_more_goes_nowhere_and_is_there_again_when_it_is()
    {
        var interview = Begin(Samples.Facts);
        interview.Enter(Field("mta.smart_host"), "relay.example.net");
        interview.Enter(Field("mta.smart_host_user"), "gateway");
        interview.EnterSecret(Field("mta.smart_host_password"), "one", "one");
        Assert.Single(interview.Secrets);
        interview.Enter(Field("mta.smart_host"), "");
        Assert.Empty(interview.Secrets);
        Assert.Null(interview.Answers["mta.smart_host_password"]);
        interview.Enter(Field("mta.smart_host"), "relay.example.net");
        Assert.Equal("one", Assert.Single(interview.Secrets).Secret.Reveal());
        Assert.NotNull(interview.Answers["mta.smart_host_password"]);
    }

    [Fact]
    public void Kept_passwords_are_saved_when_they_alone_have_changed_and_a_damaged_file_of_them_is_none()
    {
        using var tree = new Tree();
        var home = new SetupHome(tree.Machine);
        home.Prepare();
        var draft = new Draft { Task = "gateway", KeepSecrets = true };
        home.Write(draft, ImmutableSortedDictionary<string, string>.Empty.Add("web.password", "one"), isLasting: true);
        home.Write(draft, ImmutableSortedDictionary<string, string>.Empty.Add("web.password", "two"), isLasting: false);
        Assert.Equal("two", home.ReadSecrets()["web.password"]);
        File.WriteAllText(home.File("secrets.json"), "{");
        Assert.Empty(home.ReadSecrets());
    }

    [Theory]
    [InlineData("a.example mail.example", "a.example mail.example")]
    [InlineData("a.example,mail.example", "a.example,mail.example")]
    [InlineData("a.example m.example, b.example n.example", "a.example m.example|b.example n.example")]
    [InlineData("a.example, m.example, b.example", "a.example, m.example, b.example")]
    public void A_typed_line_of_a_table_is_a_row_or_several(string line, string rows) =>
        Assert.Equal(rows.Split('|'), FieldText.ItemsOfLine(Field("mta.domains"), line));

    private static Interview Begin(Facts facts) =>
        new(
            Samples.Screens,
            facts,
            new Answers("setup", ImmutableSortedDictionary<string, Node>.Empty),
            _ => ImmutableDictionary<(WantedKind Kind, string Name), Found>.Empty,
            p => $"/secrets/{p}",
            "standalone"
        );

    private static Field Field(string path) => Samples.Screens.Fields.First(f => f.Path == path);
}
