using Xunit;

namespace Gatehouse.Tests.Support;

/// <summary>The tests that change what all of this process has, its mask, or take all of the machine; none run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    internal const string Name = "alone";
}
