using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>What a task is about to do, with what both faces of the wizard say about it: before, when it has failed, and at the
/// end.</summary>
internal abstract class Undertaking
{
    /// <summary>What will happen, and what is worth knowing about it.</summary>
    public abstract IEnumerable<ReviewLine> WhatHappens { get; }

    /// <summary>What is changed on this host, file by file; null when that is not known before it is begun.</summary>
    public virtual Preview? Preview => null;

    /// <summary>The cluster as it will be, as far as that is known here; null where there is none.</summary>
    public virtual ClusterPicture? Picture => null;

    /// <summary>Whether there is nothing to do.</summary>
    public virtual bool IsNothing => false;

    /// <summary>Why it cannot be begun; empty when it can.</summary>
    public virtual string Obstacle => "";

    /// <summary>What the operator says yes to, a sentence or two.</summary>
    public abstract string Question { get; }

    /// <summary>Begins it in the background.</summary>
    public abstract ApplyRun Begin();

    /// <summary>What the way it ended means for the host.</summary>
    public virtual string State(ApplyResult result) => ApplyText.State(result);

    /// <summary>That it is done, in a sentence.</summary>
    public abstract string Done(ApplyRun run, ApplyResult result);

    /// <summary>What to do next; below the first sentence of one stands what is to be copied.</summary>
    public abstract IEnumerable<string> NextSteps { get; }

    /// <summary>The new cluster whose keys are to be kept now; null when there is none.</summary>
    public virtual ClusterKeys? Keys => null;
}
