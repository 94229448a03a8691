using System.Globalization;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Behaviours;

/// <summary>
/// What <c>sys:get_status/1</c> shows of a server, as <c>gen_server</c> of OTP 23 to 29 has it: tools print it, and
/// <c>supervisor:get_callback_module/1</c> reads it.
/// </summary>
internal static class ServerStatus
{
    private static readonly Atom Status = new("status");
    private static readonly Atom ModuleAtom = new("module");
    private static readonly Atom GenServerAtom = new("gen_server");
    private static readonly Atom SupervisorAtom = new("supervisor");
    private static readonly Atom Running = new("running");
    private static readonly Atom Suspended = new("suspended");
    private static readonly Atom InitialCall = new("$initial_call");
    private static readonly Atom Ancestors = new("$ancestors");
    private static readonly Atom Init = new("init");
    private static readonly Atom Header = new("header");
    private static readonly Atom Data = new("data");

    /// <param name="context">The server's process.</param>
    /// <param name="module">What stands for its callback module.</param>
    /// <param name="parent">Who it ends with; null for nobody, which is shown as itself.</param>
    /// <param name="isSuspended">Whether <c>sys:suspend/1</c> holds it.</param>
    /// <param name="state">Its state, as it may be seen.</param>
    internal static Term Of(ProcessContext context, Atom module, Pid? parent, bool isSuspended, Term state)
    {
        var running = isSuspended ? Suspended : Running;
        var shownParent = parent ?? context.Self;
        // {supervisor, Module, 1} is how proc_lib writes the init of a supervisor.
        var initial = module == SupervisorAtom
            ? Term.Tuple(SupervisorAtom, module, 1)
            : Term.Tuple(module, Init, 1);
        var dictionary = parent is null
            ? Term.List(Term.Tuple(InitialCall, initial))
            : Term.List(Term.Tuple(InitialCall, initial), Term.Tuple(Ancestors, Term.List(NameOf(context, parent))));
        List<Term> items =
        [
            Term.Tuple(Header, Term.CharList($"Status for generic server {Title(context)}")),
            Term.Tuple(Data, Pairs(("Status", running), ("Parent", shownParent), ("Logged events", Term.Nil))),
            Term.Tuple(Data, Pairs(("State", state))),
        ];
        // Else the asking release looks for it in the state, whose fields differ from release to release.
        if (module == SupervisorAtom)
            items.Add(Term.Tuple(SupervisorAtom, Pairs(("Callback", module))));
        return Term.Tuple(
            Status, context.Self, Term.Tuple(ModuleAtom, GenServerAtom),
            Term.List(dictionary, running, shownParent, Term.Nil, Term.List([.. items])));
    }

    private static Term Pairs(params ReadOnlySpan<(string Name, Term Value)> items)
    {
        var pairs = new Term[items.Length];
        for (var i = 0; i < items.Length; i++)
            pairs[i] = Term.Tuple(Term.CharList(items[i].Name), items[i].Value);
        return Term.List(pairs);
    }

    // As its own node writes a pid.
    private static string Title(ProcessContext context) => context.Names is [var name, ..]
        ? name.Text
        : string.Create(CultureInfo.InvariantCulture, $"<0.{context.Self.Id}.{context.Self.Serial}>");

    // The dictionary has a name for who has one.
    private static Term NameOf(ProcessContext context, Pid process) =>
        process.Node == context.Self.Node
            && context.Runtime.Find(process.Id, process.Serial, process.Creation) is { Names: [var name, ..] }
            ? name
            : process;
}
