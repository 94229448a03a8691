using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// A system message: what the module <c>sys</c> asks every process of OTP's, <c>{system, From, Request}</c>.
/// </summary>
/// <remarks>
/// A process that wants to be looked into by <c>sys:get_state/1</c> and <c>sys:get_status/1</c>, and by tools that use
/// them, reads them in its receive loop:
/// <c>if (SystemRequest.TryRead(message, out var system)) system.Answer(context, module, state);</c>
/// </remarks>
public readonly struct SystemRequest
{
    private static readonly Atom SystemAtom = new("system");
    private static readonly Atom UnknownSystemMessage = new("unknown_system_msg");
    private static readonly Atom Status = new("status");
    private static readonly Atom ModuleAtom = new("module");
    private static readonly Atom RunningAtom = new("running");

    private readonly CallRequest _call;

    private SystemRequest(CallRequest call) => _call = call;

    /// <summary>What is asked.</summary>
    public Term Request => _call.Request;

    /// <summary>Recognises <c>{system, {From, Tag}, Request}</c>.</summary>
    public static bool TryRead(Term message, out SystemRequest request)
    {
        request = default;
        if (message.TupleElements is not [{ Atom: { } marker }, var from, var wanted] || marker != SystemAtom
            || !CallRequest.TryRead(from, wanted, out var call))
        {
            return false;
        }
        request = new SystemRequest(call);
        return true;
    }

    /// <summary>
    /// Answers <c>get_state</c> (in the form of OTP 26 and later; before, <c>sys:get_state/1</c> gives <c>{ok,
    /// State}</c>) and <c>get_status</c>; everything else is declined, since nothing here can be suspended or replaced.
    /// </summary>
    /// <param name="context">The process that was asked.</param>
    /// <param name="module">What takes the place of the callback module.</param>
    /// <param name="state">Its state, as it may be seen.</param>
    public void Answer(ProcessContext context, Atom module, Term state)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(module);
        Answer(context, () => state, () => Term.Tuple(
            Status, context.Self, Term.Tuple(ModuleAtom, module),
            Term.List(Term.Nil, RunningAtom, context.Self, Term.Nil, Term.List(state))));
    }

    internal void Reply(ProcessContext context, Term reply) => context.Reply(_call, reply);

    internal void Answer(ProcessContext context, Func<Term> state, Func<Term> status) =>
        Reply(context, Request.AtomText switch
        {
            "get_state" => Term.Tuple(Atoms.Ok, state()),
            "get_status" => status(),
            _ => Term.Tuple(Atoms.Error, Term.Tuple(UnknownSystemMessage, Request)),
        });
}
