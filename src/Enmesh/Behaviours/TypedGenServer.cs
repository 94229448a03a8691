using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh.Behaviours;

/// <summary>
/// A <see cref="GenServer"/> whose requests and replies are C# types, turned into terms and back by the serializer.
/// </summary>
/// <remarks>
/// A request that is none refuses its call, as <see cref="GenServer.Refuse"/> does, with the place where it differs
/// from what was expected; a cast that is none is logged and dropped. Requests of several kinds are a base type with
/// cases (see <c>docs/serialization.md</c>, "Unions").
/// </remarks>
/// <typeparam name="TRequest">What is called and cast; <see cref="Term"/> for anything.</typeparam>
/// <typeparam name="TReply">What calls are answered with.</typeparam>
public abstract class GenServer<TRequest, TReply> : GenServer
{
    private readonly TermTypeInfo<TRequest> _requests;
    private readonly TermTypeInfo<TReply> _replies;

    /// <param name="requests">How requests are read.</param>
    /// <param name="replies">How replies are written.</param>
    protected GenServer(TermTypeInfo<TRequest> requests, TermTypeInfo<TReply> replies)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(replies);
        _requests = requests;
        _replies = replies;
    }

    /// <inheritdoc cref="GenServer.HandleCallAsync(Term, CallRequest)"/>
    protected abstract ValueTask<CallResult> HandleCallAsync(TRequest request, CallRequest call);

    /// <inheritdoc cref="GenServer.HandleCastAsync(Term)"/>
    protected virtual ValueTask<ServerResult> HandleCastAsync(TRequest request) => base.HandleCastAsync(default(Term));

    /// <inheritdoc cref="GenServer.Reply(Term)"/>
    protected CallResult Reply(TReply reply) => Reply(_replies.TermOf(reply));

    /// <summary>Answers a call that was not answered at once.</summary>
    protected void Reply(in CallRequest call, TReply reply) =>
        Context.Reply(call, _replies.TermOf(reply));

    /// <inheritdoc cref="GenServer.Stop(Term, Term)"/>
    protected CallResult Stop(Term reason, TReply reply) => Stop(reason, _replies.TermOf(reply));

    /// <inheritdoc/>
    protected sealed override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
    {
        TRequest typed;
        try
        {
            typed = _requests.ValueOf(request);
        }
        catch (TermSerializationException e)
        {
            Refuse(call, e.Message);
            return NoReply();
        }
        return HandleCallAsync(typed, call);
    }

    /// <inheritdoc/>
    protected sealed override ValueTask<ServerResult> HandleCastAsync(Term request)
    {
        TRequest typed;
        try
        {
            typed = _requests.ValueOf(request);
        }
        catch (TermSerializationException)
        {
            return base.HandleCastAsync(request);
        }
        return HandleCastAsync(typed);
    }
}
