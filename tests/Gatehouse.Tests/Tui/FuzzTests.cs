using Gatehouse.Terminal;
using Gatehouse.Tests.Support;
using Gatehouse.Tui;
using Gatehouse.Tui.Drawing;
using Gatehouse.Wizard;
using Xunit;

namespace Gatehouse.Tests.Tui;

/// <summary>Random keys, on every size of screen: nothing crashes, nothing is applied.</summary>
public sealed class FuzzTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gatehouse-fuzz").FullName;

    [Theory]
    [InlineData(1, 80, 24)]
    [InlineData(2, 20, 8)]
    [InlineData(3, 132, 43)]
    [InlineData(4, 40, 12)]
    public void A_hundred_thousand_random_keys_do_no_harm(int seed, int width, int height)
    {
        var surface = new MemorySurface(width, height) { Haste = 16 };
        var left = 100_000;
        var random = new Random(seed);
        // A wizard that was quit is started again, with whatever draft it left, until the keys are used up.
        while (left > 0)
        {
            var session = Wizards.Session(root);
            using var only = SetupLock.TryTake(session.Home, "test")!;
            surface.Script = Random(random, surface, () => left-- > 0).GetEnumerator();
            try
            {
                new TuiWizard(session, surface, only, "test", "mx1", () => null).Go();
            }
            catch (WizardEndedException)
            {
                // The keys are used up.
            }
        }

        Assert.False(Directory.Exists(Path.Combine(root, "var/lib/gatehouse/generations")), "something was applied");
        Assert.False(Directory.Exists(Path.Combine(root, "etc")), "something was written");
    }

    [Fact]
    public void Every_field_takes_four_hundred_pasted_characters()
    {
        foreach (var field in Samples.Screens.Fields)
        {
            var surface = new MemorySurface();
            var interview = Wizards.Interview();
            var stage = new Stage(surface, () => { });
            var screen = Samples.Screens[field.Path.Split('.')[0]]!;
            var form = new Gatehouse.Tui.Pages.FormPage(stage, interview, screen, "mx1", () => [], visited: false, field: field.Path);
            var text = string.Concat(Enumerable.Repeat("ab3.-äö漢😀x", 50))[..400];
            Wizards.Play(surface, stage, form, Keys.Of(Key.Kill), Keys.Type(text), Keys.Of(Key.None));
            var isWritten = field.Choices.IsEmpty && field.Kind.Name is not ("boolean" or "password") && form.Current == field;
            if (isWritten)
                Assert.Equal(text, interview.Text(field).Split('\n')[0]);
        }
    }

    public void Dispose() => Directory.Delete(root, true);

    // Keys as random as they come, with now and then a word, so that it gets somewhere.
    private static IEnumerable<Press> Random(Random random, MemorySurface surface, Func<bool> goesOn)
    {
        var keys = Enum.GetValues<Key>().Where(k => k is not (Key.HangUp or Key.Text)).ToArray();
        string[] words =
        [
            "mx1.example.org",
            "192.0.2.1",
            "postmaster@example.com",
            "example.org mail.example.org",
            "yes",
            "\n",
            "\t",
            "漢字",
            "e\u0301",
            "\u200d",
        ];
        while (goesOn())
        {
            switch (random.Next(12))
            {
                case < 5:
                    yield return new Press(keys[random.Next(keys.Length)]);
                    break;
                case < 8:
                    foreach (var press in Keys.Type(words[random.Next(words.Length)]))
                        yield return press;
                    break;
                case 8 when random.Next(50) == 0:
                    surface.Resize(random.Next(1, 140), random.Next(1, 50));
                    yield return new Press(Key.Repaint);
                    break;
                default:
                    yield return Press.Of(char.ConvertFromUtf32(random.Next(32, 0xd7ff)));
                    break;
            }
        }
    }
}
