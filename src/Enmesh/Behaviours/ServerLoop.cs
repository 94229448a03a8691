using System.Runtime.CompilerServices;
using Enmesh.Processes;
using Enmesh.Telemetry;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

// gen_server, "Callback Functions", and sys, "System Messages".

/// <summary>Has a server handle one message after another, until it ends.</summary>
internal sealed class ServerLoop
{
    internal static readonly Atom IgnoreAtom = new("ignore");
    private static readonly Atom ExitTag = new("EXIT");
    private static readonly Atom BadArg = new("badarg");

    private readonly GenServer _server;
    private readonly string _name;
    private readonly Pid? _parent;
    private (CallRequest Call, Term Reply)? _farewell;
    private bool _isHandling;
    private bool _isSuspended;

    private ServerLoop(ProcessContext context, GenServer server, Pid? parent)
    {
        Context = context;
        _server = server;
        _name = server.GetType().Name;
        _parent = parent;
    }

    internal ProcessContext Context { get; }

    /// <summary>The whole life of a server.</summary>
    internal static async Task RunAsync(ProcessContext context, Func<GenServer> make, ServerStart? start)
    {
        GenServer? server = null;
        try
        {
            server = make();
            var loop = new ServerLoop(context, server, start?.Parent);
            server.Begin(loop);
            context.Label = server.GetType().Name;
            context.CallbackModule = server.Module;
            if (start is not null)
                await start.RegisterAsync(context).ConfigureAwait(false);
            var init = await server.OnInitAsync().ConfigureAwait(false);
            if (init.Failure is { } reason)
            {
                context.EndReason = reason.IsAtom(IgnoreAtom) ? ExitReason.Normal : reason;
                start?.Failed(reason);
                return;
            }
            start?.Began();
            await loop.RunAsync(init.Next).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            start?.Failed(ReasonOf(context, e));
            throw;
        }
        finally
        {
            try
            {
                await DisposeAsync(server).ConfigureAwait(false);
            }
            finally
            {
                if (start is not null)
                    await start.UnregisterAsync(context).ConfigureAwait(false);
            }
        }
    }

    internal void ReportDropped(string what) => Context.Runtime.Logger.ServerDropped(Context.DisplayName, _name, what);

    internal void Refuse(in CallRequest call, string why)
    {
        Context.Runtime.Logger.ServerRefused(Context.DisplayName, _name, why, call.From.Node);
        Context.Runtime.FailCall(Context, call, Term.Tuple(BadArg, Term.Binary(why)));
    }

    private static Term ReasonOf(ProcessContext context, Exception error) => error switch
    {
        ProcessExitException exit => exit.Reason,
        OperationCanceledException => context.SentExit ?? ExitReason.Shutdown,
        _ => ExitReason.FromException(error),
    };

    private static async ValueTask DisposeAsync(GenServer? server)
    {
        if (server is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync().ConfigureAwait(false);
        else
            (server as IDisposable)?.Dispose();
        if (server?.Scope is { } scope)
            await scope.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RunAsync(ServerResult next)
    {
        try
        {
            while (next.StopReason is null)
            {
                _isHandling = true;
                if (next.Argument is { } argument)
                {
                    next = await _server.OnContinueAsync(argument).ConfigureAwait(false);
                    continue;
                }
                _isHandling = false;
                var message = await ReceiveAsync(next.Timeout).ConfigureAwait(false);
                _isHandling = true;
                next = await HandleAsync(message, next).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (_isHandling && Context.SentExit is null)
        {
            await _server.OnTerminateAsync(ReasonOf(Context, e)).ConfigureAwait(false);
            throw;
        }
        await StopAsync(next.StopReason.Value).ConfigureAwait(false);
    }

    private async Task StopAsync(Term reason)
    {
        await _server.OnTerminateAsync(reason).ConfigureAwait(false);
        if (_farewell is var (call, reply))
            Context.Reply(call, reply);
        if (!ExitReason.IsInGoodOrder(reason))
            Context.Runtime.Logger.ServerStopped(Context.DisplayName, _name, reason);
        Context.EndReason = reason;
    }

    private async ValueTask<Term> ReceiveAsync(TimeSpan? timeout)
    {
        if (_isSuspended)
            return await Context.ReceiveAsync(
                message => SystemRequest.TryRead(message, out _) || IsParentsExit(message, out _))
                .ConfigureAwait(false);
        if (timeout is { } time)
            return await Context.ReceiveAsync(time).ConfigureAwait(false) ?? GenAtoms.Timeout;
        return await Context.ReceiveAsync().ConfigureAwait(false);
    }

    private ValueTask<ServerResult> HandleAsync(Term message, in ServerResult last)
    {
        if (CallRequest.TryRead(message, out var call))
            return HandleCallAsync(call);
        if (message.TupleElements is [{ Atom: { } marker }, var request] && marker == GenAtoms.GenCast)
            return Traces.IsOn ? HandleCastTracedAsync(message, request) : _server.OnCastAsync(request);
        if (SystemRequest.TryRead(message, out var system))
            return HandleSystem(system, last);
        return IsParentsExit(message, out var reason) ? ServerResult.Stop(reason) : _server.OnInfoAsync(message);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ServerResult> HandleCallAsync(CallRequest call)
    {
        using var span = Context.Runtime.Traces.StartHandling(_name, call.TagReference);
        var result = await _server.OnCallAsync(call).ConfigureAwait(false);
        if (result.Answer is not { } reply)
            return result.Next;
        if (result.Next.StopReason is null)
            Context.Reply(call, reply);
        else
            _farewell = (call, reply); // when TerminateAsync has done its work
        return result.Next;
    }

    private async ValueTask<ServerResult> HandleCastTracedAsync(Term message, Term request)
    {
        using var span = Context.Runtime.Traces.StartHandlingCast(_name, message.Object);
        return await _server.OnCastAsync(request).ConfigureAwait(false);
    }

    private ServerResult HandleSystem(SystemRequest request, in ServerResult last)
    {
        switch (request.Request)
        {
            case { AtomText: "suspend" or "resume" }:
                _isSuspended = request.Request.AtomText == "suspend";
                request.Reply(Context, Atoms.Ok);
                break;
            case { TupleElements: [{ AtomText: "terminate" }, var reason] }:
                request.Reply(Context, Atoms.Ok);
                return ServerResult.Stop(reason);
            default:
                request.Answer(
                    Context, _server.OnFormatState,
                    () => ServerStatus.Of(Context, _server.Module, _parent, _isSuspended, _server.OnFormatState()));
                break;
        }
        return last;
    }

    private bool IsParentsExit(Term message, out Term reason)
    {
        reason = default;
        if (message.TupleElements is not [{ Atom: { } marker }, { Pid: { } from }, var why] || marker != ExitTag
            || from != _parent)
            return false;
        reason = why;
        return true;
    }
}
