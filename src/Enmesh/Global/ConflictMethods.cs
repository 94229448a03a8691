using System.Collections.Concurrent;
using System.Globalization;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>
/// The methods that this node can run: the three built-in ones, and the delegates of its program, which travel as
/// <c>fun enmesh_conflict:'N'/3</c>.
/// </summary>
internal sealed class ConflictMethods
{
    private static readonly Atom OwnModule = new("enmesh_conflict");
    private static readonly Atom Exit = new("EXIT");
    private static readonly Atom Undef = new("undef");

    private readonly ConcurrentDictionary<Atom, Func<NameConflict, ValueTask<Pid?>>> _delegates = new();
    private long _last;

    /// <summary>Whether the method is a delegate, which is kept while a name has it.</summary>
    internal static bool IsDelegate(Term method) => method.Fun is { IsExternal: true } fun && fun.Module == OwnModule;

    /// <summary>The method as it travels.</summary>
    internal Term ToTerm(ConflictMethod method)
    {
        if (method.Fun is { } fun)
            return fun;
        var name = new Atom(Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture));
        _delegates[name] = method.Delegate!;
        return new FunTerm(OwnModule, name, 3);
    }

    internal void Forget(Term method)
    {
        if (IsDelegate(method))
            _delegates.TryRemove(method.Fun!.Function!, out _);
    }

    /// <summary>Runs a method that runs no code of the program, at once.</summary>
    /// <returns>False when the method is none of those.</returns>
    internal static bool TryDecide(
        ProcessRuntime runtime, ProcessContext context, Term method, NameConflict conflict, out Term verdict)
    {
        verdict = GlobalAtoms.None;
        if (BuiltIn(method) is not { } name)
            return false;
        if (name == GlobalAtoms.NotifyAllName)
        {
            runtime.SendConnected(
                context, conflict.Theirs, Term.Tuple(GlobalAtoms.NameConflict, conflict.Name, conflict.Ours));
            runtime.SendConnected(
                context, conflict.Ours, Term.Tuple(GlobalAtoms.NameConflict, conflict.Name, conflict.Theirs));
            return true;
        }
        var (winner, loser) = conflict.Theirs.Node < conflict.Ours.Node
            ? (conflict.Theirs, conflict.Ours)
            : (conflict.Ours, conflict.Theirs);
        if (name == GlobalAtoms.RandomExitName)
            context.SendExit(loser, ExitReason.Kill);
        else
            runtime.SendConnected(context, loser, Term.Tuple(GlobalAtoms.NameConflict, conflict.Name));
        verdict = winner;
        return true;
    }

    /// <summary>
    /// <c>global:resolve_it/4</c>: the process that keeps the name, <c>none</c>, or <c>{'EXIT', Reason}</c> when the
    /// method failed.
    /// </summary>
    internal async ValueTask<Term> DecideAsync(
        ProcessRuntime runtime, ProcessContext context, Term method, NameConflict conflict)
    {
        if (TryDecide(runtime, context, method, conflict, out var verdict))
            return verdict;
        if (method.Fun is not { IsExternal: true } fun || !IsDelegate(method)
            || !_delegates.TryGetValue(fun.Function!, out var decide))
            return Term.Tuple(Exit, Term.Tuple(Undef, method));
        await Task.Yield(); // the program's own code has no business on the node's thread
        try
        {
            return await decide(conflict).ConfigureAwait(false) is { } winner ? winner : (Term)GlobalAtoms.None;
        }
#pragma warning disable CA1031 // Whatever the program's method throws costs the name, and nothing else.
        catch (Exception e) when (e is not ProcessExitException)
#pragma warning restore CA1031
        {
            return Term.Tuple(Exit, ExitReason.FromException(e));
        }
    }

    // The default method travels as a local fun of the module global, which has no other of this arity.
    private static Atom? BuiltIn(Term method)
    {
        if (method.Fun is not { Arity: 3 } fun || fun.Module != GlobalAtoms.Global)
            return null;
        if (!fun.IsExternal)
            return GlobalAtoms.RandomExitName;
        var name = fun.Function!;
        return name == GlobalAtoms.RandomExitName || name == GlobalAtoms.RandomNotifyName
            || name == GlobalAtoms.NotifyAllName
                ? name
                : null;
    }
}
