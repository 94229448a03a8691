using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Enmesh.Terms;

namespace Enmesh.Telemetry;

// W3C Trace Context, "traceparent", in the label of a seq_trace token (seq_trace, "Description"): the one thing that a BEAM
// hands on with messages, from process to process, without knowing what it is.

/// <summary>
/// The spans of calls and casts. They exist while somebody listens to the source <c>Enmesh</c>; the context then goes
/// along, also by way of processes of a BEAM.
/// </summary>
internal sealed class Traces
{
    private const int ParentBytes = 55; // of version 00, the only one
    private static readonly ActivitySource Source = new("Enmesh");
    private static readonly Atom TraceParent = new("traceparent");

    // By the very object in the message: it is forgotten with it, whether the message is ever looked at or not.
    private readonly ConditionalWeakTable<object, Box> _contexts = [];

    /// <summary>Whether anybody listens.</summary>
    internal static bool IsOn => Source.HasListeners();

    /// <summary>
    /// The span of a call going out, which does not become the current one here; null when nobody wants it.
    /// </summary>
    internal static Activity? StartCall(string target) => StartSending($"call {target}", ActivityKind.Client);

    /// <summary>The same for a cast, which nobody answers.</summary>
    internal static Activity? StartCast(string target) => StartSending($"cast {target}", ActivityKind.Producer);

    /// <summary>The span of a call being handled, current until it is disposed; null when nobody listens.</summary>
    internal Activity? StartHandling(string server, Reference? call) =>
        IsOn ? StartHandling(server, ContextOf(call), ActivityKind.Server) : null;

    /// <summary>The same for a cast, known by the object that its message is.</summary>
    internal Activity? StartHandlingCast(string server, object? cast) =>
        IsOn ? StartHandling(server, ContextOf(cast), ActivityKind.Consumer) : null;

    /// <summary>The span of something being handled that is part of a trace, or begins one.</summary>
    internal static Activity? StartHandling(string what, ActivityContext parent, ActivityKind kind)
    {
        // What happens to be current here belongs to whoever gave the process its turn.
        Activity.Current = null;
        return Source.StartActivity($"handle {what}", kind, parent)?.SetTag("rpc.system", "erlang");
    }

    /// <summary>Ends the span of a call.</summary>
    internal static void End(Activity call, Exception? error)
    {
        if (error is not null)
            call.SetStatus(ActivityStatusCode.Error, error.Message).SetTag("error.type", error.GetType().FullName);
        call.Dispose();
    }

    /// <summary>Notes whose request it is, for <see cref="StartHandling(string, Reference?)"/>.</summary>
    /// <param name="request">The reference of a call, or the object that the message of a cast is.</param>
    /// <param name="context">Its context.</param>
    internal void Note(object request, ActivityContext context) => _contexts.AddOrUpdate(request, new Box(context));

    /// <summary>What a token says; nothing for one of another kind.</summary>
    internal static ActivityContext ReadToken(Term token) =>
        token.TupleElements is [_, { TupleElements: [{ Atom: { } kind }, var parent] }, ..] && kind == TraceParent
            && parent.TryGetBinary(out var text) && text.Length == ParentBytes
            && ActivityContext.TryParse(Encoding.ASCII.GetString(text.Span), null, isRemote: true, out var context)
            ? context
            : default;

    /// <summary>
    /// The context as a token of <c>seq_trace</c>: <c>{Flags, Label, Serial, From, Previous}</c>; with no flag set
    /// nothing is traced there.
    /// </summary>
    internal static Term ToToken(Activity call, Pid from)
    {
        var flags = call.Recorded ? "01" : "00";
        var parent = Term.Binary($"00-{call.TraceId.ToHexString()}-{call.SpanId.ToHexString()}-{flags}");
        return Term.Tuple(0, Term.Tuple(TraceParent, parent), 0, from, 0);
    }

    private static Activity? StartSending(string name, ActivityKind kind)
    {
        var current = Activity.Current;
        var call = Source.StartActivity(name, kind)?.SetTag("rpc.system", "erlang");
        Activity.Current = current;
        return call;
    }

    /// <summary>What was noted of a request.</summary>
    internal ActivityContext ContextOf(object? request) =>
        request is not null && _contexts.TryGetValue(request, out var box) ? box.Context : default;

    private sealed record Box(ActivityContext Context);
}
