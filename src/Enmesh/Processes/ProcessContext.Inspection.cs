using Enmesh.Terms;

namespace Enmesh.Processes;

// What others may see of a process, and how the node's own services end and answer.
public sealed partial class ProcessContext
{
    private static readonly Atom Enmesh = new("enmesh");
    private static readonly Atom ProcessAtom = new("process");

    /// <summary>
    /// The reason with which the process ends once its body has returned; <c>normal</c> when null. An exception would
    /// say the same at the price of many messages.
    /// </summary>
    internal Term? EndReason { get; set; }

    /// <summary>The reason of the exit signal that ends it; null for one that nobody has ended.</summary>
    internal Term? SentExit
    {
        get
        {
            lock (Mailbox)
                return _exitReason;
        }
    }

    /// <summary>What runs it.</summary>
    internal ProcessRuntime Runtime => _runtime;

    internal IReadOnlyList<Atom> Names
    {
        get
        {
            lock (Mailbox)
                return [.. _names ?? []];
        }
    }

    internal IReadOnlyList<Pid> LinkedPids => RelationsIfAny?.LinkedPids ?? [];

    internal IReadOnlyList<Pid> WatchingPids => RelationsIfAny?.WatchingPids ?? [];

    internal IReadOnlyList<Term> MonitoredTargets =>
        RelationsIfAny is { } relations ? _runtime.TargetsOf(relations.Owned) : [];

    /// <summary>The module whose callbacks a server's process runs, as <c>proc_lib:translate_initial_call/1</c> tells it; null in other processes.</summary>
    internal Atom? CallbackModule
    {
        get;
        set
        {
            field = value;
            if (value is not null)
                _runtime.CallbackModules.TryAdd(value, 0);
        }
    }

    /// <summary>The method that is the process's body, as <c>{Type, Method, Arity}</c>.</summary>
    internal Term EntryPoint
    {
        get
        {
            // Trimming leaves the names of methods that are used as delegates; where it does not, nothing depends on
            // them.
            var method = _body.Method;
            var type = method.DeclaringType?.FullName;
            return type is null || type.Length > Atom.MaxCharacters || method.Name.Length > Atom.MaxCharacters
                ? Term.Tuple(Enmesh, ProcessAtom, 0)
                : Term.Tuple(new Atom(type), new Atom(method.Name), 1);
        }
    }

    /// <summary>Somebody who takes what nobody waits for.</summary>
    internal Pid Nobody => _runtime.Anonymous.Self;

    internal Reference MakeReference() => _runtime.MakeReference();

    /// <summary>
    /// Sends what somebody waits for: it never waits, and is lost when the node is not connected any more.
    /// </summary>
    internal void Answer(ProcessAddress to, Term message) => _runtime.Answer(this, to, message);
}
