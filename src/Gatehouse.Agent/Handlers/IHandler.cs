using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>One request that the agent answers.</summary>
internal interface IHandler
{
    /// <summary>The HTTP method.</summary>
    string Method { get; }

    /// <summary>The path.</summary>
    string Path { get; }

    /// <summary>Answers it.</summary>
    /// <exception cref="RefusedException">It is refused; the caller is told why.</exception>
    Task AnswerAsync(HttpContext context);
}
