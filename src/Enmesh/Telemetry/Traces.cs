using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Enmesh.Terms;

namespace Enmesh.Telemetry;

// W3C Trace Context, "traceparent", in the label of a seq_trace token (seq_trace, "Description"): the one thing that a BEAM hands on
// with messages, from process to process, without knowing what it is.

/// <summary>
/// The spans of calls. They exist while somebody listens to the source <c>Enmesh</c>; a call's context then goes with it, also by way of
/// processes of a BEAM.
/// </summary>
internal sealed class Traces
{
    private const int ParentBytes = 55; // of version 00, the only one
    private static readonly ActivitySource Source = new("Enmesh");
    private static readonly Atom TraceParent = new("traceparent");

    // By the very object in the message: it is forgotten with it, whether the call is ever looked at or not.
    private readonly ConditionalWeakTable<Reference, Box> _contexts = [];

    /// <summary>Whether anybody listens.</summary>
    internal static bool IsOn => Source.HasListeners();

    /// <summary>The span of a call going out, which does not become the current one here; null when nobody wants it.</summary>
    internal static Activity? StartCall(string target)
    {
        var current = Activity.Current;
        var call = Source.StartActivity($"call {target}", ActivityKind.Client);
        call?.SetTag("rpc.system", "erlang");
        Activity.Current = current;
        return call;
    }

    /// <summary>The span of a call being handled, current until it is disposed; null when nobody listens.</summary>
    internal Activity? StartHandling(string server, Reference? call)
    {
        if (!IsOn)
            return null;
        // What happens to be current here belongs to whoever gave the process its turn.
        Activity.Current = null;
        var parent = call is not null && _contexts.TryGetValue(call, out var box) ? box.Context : default;
        return Source.StartActivity($"handle {server}", ActivityKind.Server, parent)?.SetTag("rpc.system", "erlang");
    }

    /// <summary>Ends the span of a call.</summary>
    internal static void End(Activity call, Exception? error)
    {
        if (error is not null)
            call.SetStatus(ActivityStatusCode.Error, error.Message).SetTag("error.type", error.GetType().FullName);
        call.Dispose();
    }

    /// <summary>Notes whose call it is, for <see cref="StartHandling"/>.</summary>
    internal void Note(Reference call, ActivityContext context) => _contexts.AddOrUpdate(call, new Box(context));

    /// <summary>Notes what a token says that came with a call; one of another kind is passed over.</summary>
    internal void Note(Reference call, Term token)
    {
        if (token.TupleElements is [_, { TupleElements: [{ Atom: { } kind }, var parent] }, ..] && kind == TraceParent
            && parent.TryGetBinary(out var text) && text.Length == ParentBytes
            && ActivityContext.TryParse(Encoding.ASCII.GetString(text.Span), null, isRemote: true, out var context))
        {
            Note(call, context);
        }
    }

    /// <summary>The context as a token of <c>seq_trace</c>: <c>{Flags, Label, Serial, From, Previous}</c>, with no flag set nothing is traced there.</summary>
    internal static Term ToToken(Activity call, Pid from)
    {
        var flags = call.Recorded ? "01" : "00";
        var parent = Term.Binary($"00-{call.TraceId.ToHexString()}-{call.SpanId.ToHexString()}-{flags}");
        return Term.Tuple(0, Term.Tuple(TraceParent, parent), 0, from, 0);
    }

    private sealed record Box(ActivityContext Context);
}
