using System.Diagnostics;
using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>
/// What runs in the processes that peers start: the module <c>erpc</c>, which answers through the exit reason of the
/// process, and exported functions.
/// </summary>
internal sealed class Erpc(FunctionRunner runner, CrashReports reports, ILogger logger)
{
    internal static readonly Atom Module = new("erpc");
    internal static readonly Atom ExecuteCall = new("execute_call");
    internal static readonly Atom ExecuteCast = new("execute_cast");

    /// <summary>Whether the process belongs on the node's own thread.</summary>
    internal bool IsService(SpawnRequest request) =>
        request.Module == Module && request.Function == ExecuteCall && request.Arguments.Count == 4
            && runner.IsService(request.Arguments[1], request.Arguments[2], request.Arguments[3]);

    /// <summary>The body of a process that a peer wants started; null when there is no such function.</summary>
    internal Func<ProcessContext, Task>? Resolve(SpawnRequest request)
    {
        var (module, function, arguments) = (request.Module, request.Function, request.Arguments);
        if (module == Module && function == ExecuteCall && arguments.Count == 4)
            return context => RunCallAsync(context, arguments, request);
        if (module == Module && function == ExecuteCast && arguments.Count == 3)
            return context => RunCastAsync(context, arguments, request.Trace);
        return runner.Exists(module, function, arguments) ? context => RunAsync(context, request) : null;
    }

    /// <summary>What a process does that a peer wants started with a function that does not exist.</summary>
    internal Func<ProcessContext, Task> Undefined(SpawnRequest request) => context =>
    {
        logger.SpawnedUndefined(
            request.Module, request.Function, request.Arguments.Count, request.From.Node);
        return RunAsync(context, request);
    };

    // [ResultRef, M, F, Arguments]; the result is for who monitors the process, and for nobody else.
    private async Task RunCallAsync(ProcessContext context, ListTerm arguments, SpawnRequest request)
    {
        if (request.IsMonitored)
            context.GetRelations().IsAwaited();
        var outcome = await runner.ApplyTracedAsync(
            context, arguments[1], arguments[2], arguments[3], request.Trace).ConfigureAwait(false);
        context.EndReason = outcome.ToErpc(arguments[0]);
    }

    private async Task RunCastAsync(ProcessContext context, ListTerm arguments, ActivityContext trace)
    {
        var outcome = await runner.ApplyTracedAsync(
            context, arguments[0], arguments[1], arguments[2], trace, ActivityKind.Consumer).ConfigureAwait(false);
        reports.End(context, outcome, outcome.ToCast());
    }

    private async Task RunAsync(ProcessContext context, SpawnRequest request)
    {
        var outcome = await runner.ApplyAsync(
            context, request.Module, request.Function, request.Arguments).ConfigureAwait(false);
        reports.End(context, outcome, outcome.ToExit());
    }
}
