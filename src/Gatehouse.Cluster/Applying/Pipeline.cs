using Gatehouse.Core.Answering;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Applying;

/// <summary>
/// The line that every command is a prefix of: an answer file becomes Answers, Answers become Settings, Settings a rendered
/// node, a node a Plan, and a Plan a Generation.
/// </summary>
/// <param name="machine">What is worked on.</param>
/// <param name="clock">The time.</param>
/// <param name="renders">Whether the line will be followed as far as rendering.</param>
internal sealed class Pipeline(LocalMachine machine, TimeProvider clock, bool renders)
{
    // First of all, in the background: reading and compiling the templates takes as long as reading and resolving the answers.
    private readonly Task<Renderer>? renderer = renders ? Task.Run(() => PrepareRenderer(machine)) : null;
    private readonly ScreenSet screens = Shipped.Screens();

    /// <summary>What was found in the answers so far.</summary>
    public Report Report { get; } = new();

    /// <summary>The answers that were read last; null before that.</summary>
    public Answers? Answers { get; private set; }

    /// <summary>The machine's facts.</summary>
    public Facts Facts { get; } = FactProbe.Gather(clock);

    /// <summary>Answer file to settings; null, with errors in the report, when the answers will not do.</summary>
    /// <param name="file">The answer file's name for findings.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="ownerOnly">Whether nobody else can read it.</param>
    /// <param name="prompt">Asks on the terminal; null where there is none.</param>
    /// <param name="isComposed">Whether they came from the registry, which knows better than what is in force here.</param>
    public GatewaySettings? Resolve(
        string file,
        ReadOnlyMemory<byte> bytes,
        bool ownerOnly,
        Func<string, string?>? prompt,
        bool isComposed = false
    )
    {
        var answers = Answers = AnswerFile.Read(file, bytes.Span, screens, Report);
        if (!isComposed)
            answers = Answers = MemberAnswers.Keep(machine, screens, answers);
        var things = WantedReader.Read(Probe.For(screens, answers), machine, prompt);
        return Resolver.Resolve(screens, answers, new Inputs(Facts, ownerOnly, things), Report);
    }

    /// <summary>Settings to everything the node is to have.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="answers">The answers they came from, an answer file.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="cluster">What a cluster's CA gave, for a member; null takes it from the machine.</param>
    public async Task<RenderedNode> RenderAsync(
        GatewaySettings settings,
        string answers,
        CancellationToken ct,
        ClusterMaterial? cluster = null
    )
    {
        var material = await MaterialMaker.ObtainAsync(settings, machine, Facts.Now, ct, cluster);
        return (await (renderer ?? throw new InvalidOperationException("this line was made without a renderer"))).Render(
            settings,
            material,
            answers
        );
    }

    private static Renderer PrepareRenderer(LocalMachine machine)
    {
        var renderer = new Renderer(Shipped.Templates(machine.Real(Shipped.SiteTemplates)));
        renderer.Prepare();
        return renderer;
    }

    /// <summary>The end of the line: plans and applies.</summary>
    public Applier Applier(IApplyLog log) =>
        new(
            machine,
            new SandboxChecker(machine.Real(GenerationStore.Home + "/stage")),
            new Machines.Probes.Verifier(machine, clock),
            clock,
            log
        )
        {
            By = Actor.Current(),
        };
}
