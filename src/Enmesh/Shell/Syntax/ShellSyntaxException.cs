using System.Diagnostics.CodeAnalysis;

namespace Enmesh.Shell.Syntax;

/// <summary>What was typed is no expression; the message is Erlang's.</summary>
internal sealed class ShellSyntaxException : FormatException
{
    internal ShellSyntaxException(Place at, string problem)
        : base(problem) => At = at;

    internal Place At { get; }

    /// <summary>As the shell says it: <c>* 1:3: syntax error before: '.'</c></summary>
    internal string Text => $"* {At.Line}:{At.Column}: {Message}";

    [DoesNotReturn]
    internal static void Throw(Place at, string problem) => throw new ShellSyntaxException(at, problem);
}
