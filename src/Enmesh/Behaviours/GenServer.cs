using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>
/// A server process as Erlang's <c>gen_server</c>: peers call it and cast to it as any other, <c>sys:get_state/1</c>
/// looks into it. It handles one message at a time, and keeps its state in its fields.
/// </summary>
/// <remarks>
/// <para>
/// Start one with <see cref="ErlangNode.StartServerAsync"/>, or with <see cref="Body"/> wherever a process is started.
/// Each start has an object of its own; nothing of it is used by two threads at the same time.
/// </para>
/// <para>
/// What a handler throws ends the server with that reason, after <see cref="TerminateAsync"/>; callers then exit with
/// it, as on the BEAM. An object that is <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/> is disposed when
/// its process ends, however that comes.
/// </para>
/// </remarks>
public abstract class GenServer
{
    private ServerLoop? _loop;

    /// <summary>The process, from <see cref="InitAsync"/> on.</summary>
    /// <exception cref="InvalidOperationException">The server has not started.</exception>
    protected ProcessContext Context => Loop.Context;

    private ServerLoop Loop => _loop ?? throw new InvalidOperationException(
        $"The server {GetType().Name} has not started: use InitAsync instead of the constructor.");

    /// <summary>
    /// The server as the body of a process, for <see cref="ErlangNode.Spawn"/> and wherever else one is taken.
    /// </summary>
    /// <param name="make">Makes the object for one process.</param>
    public static Func<ProcessContext, Task> Body(Func<GenServer> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return context => ServerLoop.RunAsync(context, make, null);
    }

    /// <summary>Called first: <c>init/1</c>. Whoever starts the server waits for it. By default nothing.</summary>
    protected virtual ValueTask<InitResult> InitAsync() => InitResult.Ok();

    /// <summary>
    /// A call: <c>handle_call/3</c>. By default the caller exits with <c>badarg</c> and an explanation, and the server
    /// lives on.
    /// </summary>
    /// <param name="request">What is asked.</param>
    /// <param name="call">Who asks; for an answer that is given later, by <see cref="ProcessContext.Reply"/>.</param>
    protected virtual ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
    {
        Refuse(call, $"{GetType().Name} takes no calls");
        return NoReply();
    }

    /// <summary>A cast: <c>handle_cast/2</c>. By default it is logged and dropped.</summary>
    protected virtual ValueTask<ServerResult> HandleCastAsync(Term request)
    {
        Loop.ReportDropped("cast");
        return NoReply();
    }

    /// <summary>
    /// Any other message: <c>handle_info/2</c>; also the atom <c>timeout</c> when a time-out was asked for. By default
    /// it is logged and dropped.
    /// </summary>
    protected virtual ValueTask<ServerResult> HandleInfoAsync(Term message)
    {
        Loop.ReportDropped("message");
        return NoReply();
    }

    /// <summary>What was to be done before the next message: <c>handle_continue/2</c>.</summary>
    protected virtual ValueTask<ServerResult> HandleContinueAsync(Term argument) =>
        throw new NotSupportedException(
            $"{GetType().Name} continues with {argument} and does not override {nameof(HandleContinueAsync)}.");

    /// <summary>
    /// Called before the server ends: <c>terminate/2</c>. As on the BEAM not when it is ended from outside, unless it
    /// traps exits and its parent ends it; disposing comes in every case.
    /// </summary>
    protected virtual ValueTask TerminateAsync(Term reason) => default;

    /// <summary>What <c>sys:get_state/1</c> and <c>observer</c> see. By default the name of the type.</summary>
    protected virtual Term FormatState() => Term.Binary(GetType().Name);

    /// <summary>Answers the call.</summary>
    protected static CallResult Reply(Term reply) => CallResult.Reply(reply);

    /// <summary>Goes on. A call is answered later, by <see cref="ProcessContext.Reply"/>.</summary>
    protected static ServerResult NoReply() => default;

    /// <summary>
    /// Ends the server with a reason; <c>normal</c>, <c>shutdown</c> and <c>{shutdown, _}</c> are no crash.
    /// </summary>
    protected static ServerResult Stop(Term reason) => ServerResult.Stop(reason);

    /// <summary>Answers the call and ends the server.</summary>
    protected static CallResult Stop(Term reason, Term reply) => CallResult.Stop(reason, reply);

    /// <summary>
    /// Refuses a call: the caller exits with <c>{badarg, Why}</c>, as if the server had crashed, and the server lives
    /// on.
    /// </summary>
    protected void Refuse(in CallRequest call, string why) => Loop.Refuse(call, why);

    /// <summary>What lives as long as the process, and is disposed after the object.</summary>
    internal IAsyncDisposable? Scope { get; set; }

    /// <summary>What stands for its callback module.</summary>
    internal virtual Atom Module => new(GetType().Name);

    internal void Begin(ServerLoop loop) => _loop = _loop is null
        ? loop
        : throw new InvalidOperationException(
            $"The server {GetType().Name} was started before: each process needs an object of its own.");

    // For the loop, which is no heir.
    internal ValueTask<InitResult> OnInitAsync() => InitAsync();

    internal ValueTask<CallResult> OnCallAsync(in CallRequest call) => HandleCallAsync(call.Request, call);

    internal ValueTask<ServerResult> OnCastAsync(Term request) => HandleCastAsync(request);

    internal ValueTask<ServerResult> OnInfoAsync(Term message) => HandleInfoAsync(message);

    internal ValueTask<ServerResult> OnContinueAsync(Term argument) => HandleContinueAsync(argument);

    internal ValueTask OnTerminateAsync(Term reason) => TerminateAsync(reason);

    internal Term OnFormatState() => FormatState();
}
