using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;

// Arguments: the checkout's root, and how many nodes to render.
var root = args[0];
var count = int.Parse(args[1], CultureInfo.InvariantCulture);
var screens = new ScreenSet(Directory.GetFiles(Path.Combine(root, "screens")).Select(f => ScreenReader.Read(f, File.ReadAllBytes(f))));
var folder = Path.Combine(root, "templates");
var texts = Directory
    .GetFiles(folder, "*", SearchOption.AllDirectories)
    .ToDictionary(f => Path.GetRelativePath(folder, f), File.ReadAllText, StringComparer.Ordinal);
var renderer = new Renderer(new TemplateSet(texts, new Dictionary<string, string>()));
var example = File.ReadAllText(Path.Combine(root, "iso", "answers", "standalone.yaml"));
var key = new CertifiedKey(
    new Secret("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
);
var material = new Material
{
    Mta = key,
    Web = key,
    Dkim = null,
    RedisPassword = new Secret("redis"),
    ControllerPassword = new Secret("controller"),
    WebPassword = new Secret("web"),
    WebPasswordHash = new Secret("$6$salt$hash"),
};

var facts = new Facts { Now = DateTimeOffset.UtcNow, Addresses = [IPAddress.Parse("192.0.2.10")] };
var start = Stopwatch.GetTimestamp();
long bytes = 0;
for (var i = 1; i <= count; i++)
{
    var answers = example.Replace("mx1.example.org", $"mx{i}.example.org", StringComparison.Ordinal);
    var report = new Report();
    var settings =
        Resolver.Resolve(screens, AnswerFile.Read("node", Encoding.UTF8.GetBytes(answers), screens, report), Inputs.Of(facts), report)
        ?? throw new InvalidOperationException(string.Join('\n', report));
    bytes += renderer.Render(settings, material, answers).Contents.Values.Sum(c => c.Bytes.Length);
}

var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count / seconds:0}"));
Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} nodes, {bytes / 1024} KB, {seconds:0.0} s"));
