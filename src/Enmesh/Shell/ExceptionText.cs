using System.Globalization;
using System.Text;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>An exception in words, as <c>erl_error</c> has them for the shell.</summary>
internal sealed class ExceptionText(ValuePrinter printer)
{
    private const string Indent = "   ";
    private const string FrameIndent = "     ";

    private static readonly Atom Erlang = new("erlang");

    private static readonly HashSet<string> Operators = new(StringComparer.Ordinal)
    {
        "+", "-", "*", "/", "div", "rem", "band", "bor", "bxor", "bsl", "bsr", "bnot", "and", "or", "xor", "not", "++", "--", "==", "/=", "=<",
        "<", ">=", ">", "=:=", "=/=", "!",
    };

    /// <summary>The lines that begin with <c>** exception</c>.</summary>
    internal string Format(ErlangException error)
    {
        var name = error.Class switch
        {
            ErlangExceptionClass.Throw => "throw",
            ErlangExceptionClass.Exit => "exit",
            _ => "error",
        };
        return Format(name, error.Reason, error.Class == ErlangExceptionClass.Error ? error.Stack ?? Term.Nil : Term.Nil);
    }

    /// <inheritdoc cref="Format(ErlangException)"/>
    internal string Format(string errorClass, Term reason, Term stack)
    {
        var frames = stack.AsList is { IsProper: true } list ? list.Where(IsFrame).ToList() : [];
        var start = $"exception {errorClass}: ";
        var text = new StringBuilder("** ").Append(start);
        var offset = Indent.Length + start.Length;
        var isError = errorClass == "error";
        // What was called is in the words themselves; the rest of the stack is below.
        var takesFrame = isError && frames.Count > 0
            && (reason.IsAtom(Failures.Undef) || (reason.IsAtom(Failures.FunctionClause) && frames[0].TupleElements[2].AsList is not null));
        if (takesFrame)
            text.Append(ExplainCall(reason, frames[0], offset));
        else if (frames is [var told, ..] && Causes(told) is { } causes && causes.TryGetValue(new Atom("reason"), out var words)
            && CharData.TryGetText(words, CharEncoding.Utf8, out var instead))
            text.Append(instead);
        else
            text.Append(isError ? Explain(reason, offset) : printer.Print(reason, offset + 1));
        var first = true;
        foreach (var frame in takesFrame ? frames.Skip(1) : frames)
        {
            AppendFrame(text, frame, first);
            first = false;
        }
        return text.ToString();
    }

    private static bool IsFrame(Term frame) => frame.TupleElements is [{ Atom: not null }, { Atom: not null }, var arguments, { AsList: not null }]
        && (arguments.Int32 is not null || arguments.AsList is { IsProper: true });

    private string ExplainCall(Term reason, Term frame, int offset)
    {
        var (module, function, arguments) = (frame.TupleElements[0].Atom!, frame.TupleElements[1].Atom!, frame.TupleElements[2]);
        if (reason.IsAtom(Failures.Undef))
            return $"undefined function {Name(module, function, ArityOf(arguments))}/{ArityOf(arguments)}";
        const string Words = "no function clause matching ";
        return Words + Call(module, function, arguments.AsList!.Value, new string(' ', offset), Words) + " ";
    }

    private string Explain(Term reason, int offset)
    {
        string Value(string words, Term value) => words + Placed(value, words.Length, offset);
        return reason.TupleElements switch
        {
            [{ AtomText: "badarg" }, var value] => Value("bad argument: ", value),
            [{ AtomText: "badkey" }, var value] => Value("bad key: ", value),
            [{ AtomText: "badmap" }, var value] => Value("bad map: ", value),
            [{ AtomText: "badfun" }, var value] => Value("bad function ", value),
            [{ AtomText: "badmatch" }, var value] => Value("no match of right hand side value ", value),
            [{ AtomText: "case_clause" }, var value] => Value("no case clause matching ", value),
            [{ AtomText: "else_clause" }, var value] => Value("no else clause matching ", value),
            [{ AtomText: "try_clause" }, var value] => Value("no try clause matching ", value),
            [{ AtomText: "bad_filter" }, var value] => Value("bad filter ", value),
            [{ AtomText: "bad_generator" }, var value] => Value("bad generator ", value),
            [{ AtomText: "unbound" }, var value] => $"variable {printer.Print(value)} is unbound",
            [{ AtomText: "badarity" }, { TupleElements: [{ Fun: { } fun }, { AsList: { } arguments }] }] =>
                $"{FunName(fun)} called with {HowMany(arguments.Count)}",
            [{ AtomText: "shell_undef" }, { Atom: { } name }, var arguments, _] =>
                $"undefined shell command {Show(name)}/{ArityOf(arguments)}",
            _ => reason.AtomText switch
            {
                "badarg" => "bad argument",
                "badarith" => "an error occurred when evaluating an arithmetic expression",
                "if_clause" => "no true branch found when evaluating an if expression",
                "noproc" => "no such process or port",
                "notalive" => "the node cannot be part of a distributed system",
                "system_limit" => "a system limit has been reached",
                "timeout_value" => "bad receive timeout value",
                _ => printer.Print(reason, offset + 1),
            },
        };
    }

    // A value of many lines begins on one of its own, when that saves some.
    private string Placed(Term value, int words, int offset)
    {
        var behind = printer.Print(value, offset + words + 1);
        var lines = behind.Count(c => c == '\n');
        if (lines <= 1)
            return behind;
        var below = printer.Print(value, offset + 1);
        return below.Count(c => c == '\n') < lines ? $"\n{new string(' ', offset)}{below}" : behind;
    }

    private void AppendFrame(StringBuilder text, Term frame, bool isFirst)
    {
        var (module, function, arguments) = (frame.TupleElements[0].Atom!, frame.TupleElements[1].Atom!, frame.TupleElements[2]);
        var arity = ArityOf(arguments);
        var origin = !isFirst ? "in call from" : IsOperator(module, function, arity) ? "in operator " : "in function ";
        text.Append('\n').Append(FrameIndent).Append(origin).Append(' ').Append(Name(module, function, arity)).Append('/')
            .Append(arity.ToString(CultureInfo.InvariantCulture));
        const string CalledAs = FrameIndent + "   called as ";
        if (arguments.Int32 is null)
            text.Append('\n').Append(CalledAs).Append(Call(module, function, arguments.AsList!.Value, CalledAs, ""));
        if (isFirst && Causes(frame) is { } causes)
            AppendProblems(text, causes, arity);
    }

    // What EEP 54 puts there: [{error_info, #{cause => #{1 => Text}}}]
    private static MapTerm? Causes(Term frame)
    {
        foreach (var item in frame.TupleElements[3].AsList!.Value)
        {
            if (item.TupleElements is [{ AtomText: "error_info" }, { AsMap: { } info }] && info.TryGetValue(new Atom("cause"), out var cause))
                return cause.AsMap;
        }
        return null;
    }

    private static void AppendProblems(StringBuilder text, MapTerm causes, int arity)
    {
        for (var i = 1; i <= Math.Min(arity, byte.MaxValue); i++)
        {
            if (causes.TryGetValue(i, out var problem) && CharData.TryGetText(problem, CharEncoding.Utf8, out var words))
                text.Append(CultureInfo.InvariantCulture, $"\n{FrameIndent}   *** argument {i}: {words}");
        }
        if (causes.TryGetValue(new Atom("general"), out var general) && CharData.TryGetText(general, CharEncoding.Utf8, out var all))
            text.Append(CultureInfo.InvariantCulture, $"\n{FrameIndent}   *** {all}");
    }

    // A call with its arguments; they begin below the name, or all of it on a line of its own where that takes fewer lines.
    private string Call(Atom module, Atom function, ListTerm arguments, string before, string words)
    {
        if (IsOperator(module, function, arguments.Count))
            return Operation(function.Text, arguments, before.Length + words.Length);
        var name = Name(module, function, arguments.Count);
        var column = before.Length + words.Length + name.Length;
        var behind = Parenthesised(arguments, column);
        var below = Parenthesised(arguments, before.Length + name.Length);
        var isLong = Parenthesised(Term.List(new Atom("a2345"), new Atom("b2345")).AsList!.Value, column).Contains('\n', StringComparison.Ordinal);
        return isLong || below.Count(c => c == '\n') < behind.Count(c => c == '\n')
            ? $"\n{new string(' ', before.Length)}{name}{below}"
            : name + behind;
    }

    private string Parenthesised(ListTerm arguments, int column)
    {
        if (arguments.Count == 0)
            return "()";
        // Numbers that are characters are arguments all the same, no string.
        if (arguments.TryGetText(out var text) && text.All(c => ErlangSyntax.IsPrintable(c, unicode: false)))
            return $"({string.Join(',', arguments.Select(argument => argument.ToString()))})";
        var list = printer.Print(arguments.Term, column + 1);
        return $"({list[1..^1]})";
    }

    private string Operation(string op, ListTerm arguments, int column)
    {
        if (arguments.Count == 1)
            return $"{op} {printer.Print(arguments[0], column + op.Length + 2)}";
        var left = printer.Print(arguments[0], column + 1);
        var right = printer.Print(arguments[1], column + 1);
        var below = $"\n{new string(' ', column)}";
        if (left.Contains('\n', StringComparison.Ordinal))
            return left + below + op + below + right;
        var behind = printer.Print(arguments[1], column + op.Length + 2 + left.Length + 1);
        return right.Count(c => c == '\n') < behind.Count(c => c == '\n') ? left + below + op + below + right : $"{left} {op} {behind}";
    }

    private static bool IsOperator(Atom module, Atom function, int arity) =>
        module == Erlang && Operators.Contains(function.Text)
            && (arity == 2 ? function.Text is not ("not" or "bnot") : arity == 1 && function.Text is "+" or "-" or "not" or "bnot");

    private static string Name(Atom module, Atom function, int arity)
    {
        if (module == Erlang && (AutoImported.Contains(function.Text, arity) || IsOperator(module, function, arity)))
            return function.Text == "/" ? "'/'" : function.Text;
        return $"{Show(module)}:{Show(function)}";
    }

    private static string Show(Atom atom) => ErlangText.Print(atom, ErlangPrintOptions.WriteUnicode);

    private static int ArityOf(Term arguments) => arguments.Int32 ?? arguments.AsList?.Count ?? 0;

    private static string FunName(FunTerm fun) => fun.Function is { } name
        ? $"{Name(fun.Module, name, fun.Arity)}/{fun.Arity}"
        : $"interpreted function with arity {fun.Arity}";

    private static string HowMany(int arguments) => arguments switch
    {
        0 => "no arguments",
        1 => "one argument",
        2 => "two arguments",
        _ => $"{arguments} arguments",
    };
}
