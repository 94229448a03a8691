using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Shell;

/// <summary>The errors that evaluation itself makes.</summary>
internal static class Failures
{
    internal static readonly Atom BadArg = new("badarg");
    internal static readonly Atom Undef = new("undef");
    internal static readonly Atom FunctionClause = new("function_clause");
    internal static readonly Atom SystemLimit = new("system_limit");
    private static readonly Atom ErrorInfo = new("error_info");
    private static readonly Atom Cause = new("cause");
    private static readonly Atom General = new("general");
    private static readonly Atom Reason = new("reason");

    internal static ErlangException BadMatch(Term value) => Of("badmatch", value);

    /// <summary>An error <c>{Tag, Value}</c>, with no word on where it happened.</summary>
    internal static ErlangException Of(string tag, Term value) => ErlangException.Error(Term.Tuple(new Atom(tag), value), Term.Nil);

    internal static ErlangException Of(Atom reason) => ErlangException.Error(reason, Term.Nil);

    internal static ErlangException Undefined(Atom module, Atom function, Term[] arguments) =>
        ErlangException.Error(Undef, Term.List(Term.Tuple(module, function, Term.List(arguments), Term.Nil)));

    /// <summary>A function of the shell's own that there is not.</summary>
    internal static ErlangException UndefinedCommand(string name, Term[] arguments) => ErlangException.Error(
        Term.Tuple(new Atom("shell_undef"), new Atom(name), Term.List(arguments), Term.Nil), Term.Nil);

    /// <summary>A segment of a binary that cannot be made of its value.</summary>
    internal static ErlangException OfSegment(int number, string type, string problem)
    {
        var cause = Term.Map(
            (General, Term.Binary($"segment {number} of type '{type}': {problem}")), (Reason, Term.Binary("construction of binary failed")));
        var info = Term.List(Term.Tuple(ErrorInfo, Term.Map((Cause, cause))));
        return ErlangException.Error(
            BadArg, Term.List(Term.Tuple(new Atom("eval_bits"), new Atom("eval_exp_field"), 6, info)));
    }

    /// <summary>An error of a function that says what is wrong with which argument, as EEP 54 has it.</summary>
    internal static ErlangException OfCall(
        Term reason, string module, string function, Term[] arguments, params ReadOnlySpan<(int Argument, string Problem)> problems)
    {
        var info = Term.Nil;
        if (problems.Length > 0)
        {
            var causes = new (Term, Term)[problems.Length];
            for (var i = 0; i < problems.Length; i++)
            {
                Term key = problems[i].Argument == 0 ? General : problems[i].Argument;
                causes[i] = (key, Term.Binary(problems[i].Problem));
            }
            info = Term.List(Term.Tuple(ErrorInfo, Term.Map((Cause, Term.Map(causes)))));
        }
        return ErlangException.Error(
            reason, Term.List(Term.Tuple(new Atom(module), new Atom(function), Term.List(arguments), info)));
    }
}
