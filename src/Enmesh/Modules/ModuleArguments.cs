using System.ComponentModel;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh.Modules;

/// <summary>Reads the arguments of exported methods. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ModuleArguments
{
    /// <summary>Reads an argument. What does not fit is gathered, so that the caller is told of all at once.</summary>
    public static T Read<T>(
        IReadOnlyList<Term> arguments, int index, string name, TermTypeInfo<T> info, ref ArgumentErrors? errors)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        try
        {
            return TermSerializer.FromTerm(arguments[index], info);
        }
        catch (TermSerializationException e)
        {
            (errors ??= new()).Add(index, name, e.Message.AsSpan(1)); // $.price: …, where $ is the argument
            return default!;
        }
    }

    /// <summary>
    /// Reads to whom progress is reported: a pid, an alias, <c>{PidOrAlias, Tag}</c>, or <c>undefined</c> for nobody.
    /// </summary>
    /// <returns>Null for nobody.</returns>
    public static IProgress<T>? Progress<T>(
        ProcessContext context, IReadOnlyList<Term> arguments, int index, string name, TermTypeInfo<T> info,
        ref ArgumentErrors? errors)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(arguments);
        var argument = arguments[index];
        if (argument.Pid is { } pid)
            return new ProgressMessages<T>(context, pid, context.Self, info);
        if (argument.Reference is { } alias)
            return new ProgressMessages<T>(context, alias, alias, info);
        if (argument.TupleElements is [{ Pid: { } to }, var tag])
            return new ProgressMessages<T>(context, to, tag, info);
        if (argument.TupleElements is [{ Reference: { } through }, var mark])
            return new ProgressMessages<T>(context, through, mark, info);
        if (!argument.IsAtom(Atoms.Undefined) && !argument.IsAtom(Atoms.ElixirNil))
        {
            const string Expected = ": expected a pid, an alias, {PidOrAlias, Tag} or undefined, found";
            (errors ??= new()).Add(index, name, $"{Expected} {TermInput.Describe(argument)}");
        }
        return null;
    }

    /// <summary>Reads to whom progress is reported; it may be nobody, but never null.</summary>
    public static IProgress<T> ProgressOrNone<T>(
        ProcessContext context, IReadOnlyList<Term> arguments, int index, string name, TermTypeInfo<T> info,
        ref ArgumentErrors? errors) =>
        Progress(context, arguments, index, name, info, ref errors) ?? NoProgress<T>.Instance;
}

/// <summary>The arguments of a call that are wrong, each with why. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ArgumentErrors
{
    /// <summary>What calls methods: those further in are of interest.</summary>
    private const string OwnFrames = ".GeneratedCalls.";

    private static readonly Atom FunctionClause = new("function_clause");
    private static readonly Atom BadArg = new("badarg");
    private static readonly Atom ErrorInfo = new("error_info");
    private static readonly Atom Cause = new("cause");

    private readonly List<(Term Index, Term Text)> _errors = [];
    private readonly ArgumentException? _refusal;

    internal ArgumentErrors(ArgumentException? refusal = null) => _refusal = refusal;

    /// <summary>What a method says of an argument it was given; null when it speaks of something else.</summary>
    /// <param name="error">What it threw.</param>
    /// <param name="arguments">The arguments of the call.</param>
    /// <param name="names">The parameters' names in C# and as variables of Erlang.</param>
    public static ArgumentErrors? From(
        ArgumentException error, IReadOnlyList<Term> arguments, ReadOnlySpan<(string Name, string Variable)> names)
    {
        ArgumentNullException.ThrowIfNull(error);
        ArgumentNullException.ThrowIfNull(arguments);
        if (error.ParamName is not { Length: > 0 } about)
            return null;
        for (var i = 0; i < names.Length && i < arguments.Count; i++)
        {
            var (name, variable) = names[i];
            // ThrowIfNegative(order.Count) is about the order, too.
            var isPart = about.Length > name.Length && about[name.Length] is '.' or '[' or '?';
            if (!about.StartsWith(name, StringComparison.Ordinal) || (about.Length > name.Length && !isPart))
                continue;
            var errors = new ArgumentErrors(error);
            var text = error.Message.Replace($" (Parameter '{about}')", "", StringComparison.Ordinal);
            errors.Add(i, variable, $"{about.AsSpan(name.Length)}: {text}");
            return errors;
        }
        return null;
    }

    /// <summary>
    /// The error in whose stack the function has its arguments and, as EEP 54 has it, what is wrong with each:
    /// <c>[{error_info, #{cause => #{1 => Text}}}]</c>. It is <c>function_clause</c> when they are of another type than
    /// the function takes, and <c>badarg</c> when the function itself refuses one.
    /// </summary>
    public ErlangException ToException(string module, string function, IReadOnlyList<Term> arguments)
    {
        var info = Term.Tuple(ErrorInfo, Term.Map((Cause, Term.Map([.. _errors]))));
        var frame = Term.Tuple(new Atom(module), new Atom(function), Term.List([.. arguments]), Term.List(info));
        if (_refusal is null)
            return ErlangException.Error(FunctionClause, Term.List(frame));
        var inner = StackTerms.Of(_refusal, OwnFrames).AsList!.Value;
        return ErlangException.Error(BadArg, Term.List([frame, .. inner]), _refusal);
    }

    internal void Add(int index, string name, ReadOnlySpan<char> problem) =>
        _errors.Add((index + 1, Term.Binary(string.Concat(name, problem))));
}

/// <summary>Progress as messages <c>{progress, Tag, Value}</c>.</summary>
internal sealed class ProgressMessages<T>(
    ProcessContext context, ProcessAddress to, Term tag, TermTypeInfo<T> info) : IProgress<T>
{
    private static readonly Atom Progress = new("progress");

    // A full link loses a report: the next one says more.
    public void Report(T value) =>
        context.TrySend(to, Term.Tuple(Progress, tag, TermSerializer.ToTerm(value, info)));
}

/// <summary>Progress that nobody wants to hear of.</summary>
internal sealed class NoProgress<T> : IProgress<T>
{
    internal static NoProgress<T> Instance { get; } = new();

    public void Report(T value)
    {
    }
}
