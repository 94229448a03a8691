using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>All built-ins of a node: what answers without being exported, and what is refused with a reason.</summary>
internal sealed class BuiltInTable
{
    private readonly Dictionary<(Atom Module, Atom Function, int Arity), BuiltIn> _functions = [];
    private readonly HashSet<Atom> _modules = [];
    private readonly ModuleBuiltIns _ofEveryModule;

    internal BuiltInTable(NodeFacts facts, ExportedFunctions exported)
    {
        _ofEveryModule = new(this, exported, facts.Runtime.CallbackModules.ContainsKey);
        IEnumerable<BuiltInModule> modules =
        [
            .. NodeBuiltIns.Of(facts), .. SystemBuiltIns.Of(facts), .. ProcessBuiltIns.Of(facts),
            .. KernelBuiltIns.Of(facts), .. CodeBuiltIns.Of(this, exported, _ofEveryModule),
            .. ObserverBuiltIns.Of(facts),
            ApplicationMonitor.Module(facts), .. IoBuiltIns.Of(), .. ElixirBuiltIns.Of(facts),
        ];
        foreach (var function in modules.SelectMany(module => module.Functions))
        {
            _functions.Add((new Atom(function.Module), new Atom(function.Function), function.Arity), function);
            _modules.Add(new Atom(function.Module));
        }
    }

    internal IReadOnlyCollection<BuiltIn> All => _functions.Values;

    internal ExportedFunction? Find(Atom module, Atom function, int arity) =>
        _functions.GetValueOrDefault((module, function, arity))?.Body ?? _ofEveryModule.Find(module, function, arity);

    internal bool HasModule(Atom module) => _modules.Contains(module);
}
