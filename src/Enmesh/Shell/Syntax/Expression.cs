using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Syntax;

/// <summary>A place in what was typed, both numbers counted from 1.</summary>
internal readonly record struct Place(int Line, int Column);

/// <summary>An expression or pattern; the grammar is that of <c>erl_parse</c>.</summary>
internal abstract class Expression(Place at)
{
    internal Place At { get; } = at;
}

internal sealed class Literal(Place at, Term value) : Expression(at)
{
    internal Term Value => value;
}

/// <summary>A string: a list of characters, and in a binary a segment for each.</summary>
internal sealed class StringLiteral(Place at, string text) : Expression(at)
{
    internal string Text => text;

    internal Term Value { get; } = Term.CharList(text);
}

internal sealed class Variable(Place at, string name) : Expression(at)
{
    internal string Name => name;

    internal bool IsWildcard => name == "_";
}

internal sealed class TupleExpression(Place at, Expression[] elements) : Expression(at)
{
    internal Expression[] Elements => elements;
}

/// <summary>A list with at least one element; a proper one has no tail.</summary>
internal sealed class ListExpression(Place at, Expression[] elements, Expression? tail) : Expression(at)
{
    internal Expression[] Elements => elements;

    internal Expression? Tail => tail;
}

internal sealed record MapField(Place At, Expression Key, Expression Value, bool IsExact);

/// <summary>A map, or an update of one.</summary>
internal sealed class MapExpression(Place at, Expression? source, MapField[] fields) : Expression(at)
{
    internal Expression? Source => source;

    internal MapField[] Fields => fields;
}

/// <summary>A segment of a binary: <c>Value:Size/Type</c>.</summary>
internal sealed record Segment(Place At, Expression Value, Expression? Size, SegmentType Type);

internal sealed class BinaryExpression(Place at, Segment[] segments) : Expression(at)
{
    internal Segment[] Segments => segments;
}

/// <summary><c>Pattern = Value</c>; in a pattern both sides are.</summary>
internal sealed class MatchExpression(Place at, Expression pattern, Expression value) : Expression(at)
{
    internal Expression Pattern => pattern;

    internal Expression Value => value;
}

internal sealed class BinaryOperation(Place at, string op, Expression left, Expression right) : Expression(at)
{
    internal string Operator => op;

    internal Expression Left => left;

    internal Expression Right => right;
}

internal sealed class UnaryOperation(Place at, string op, Expression operand) : Expression(at)
{
    internal string Operator => op;

    internal Expression Operand => operand;
}

/// <summary><c>Function(Arguments)</c>, or <c>Module:Function(Arguments)</c>.</summary>
internal sealed class CallExpression(Place at, Expression? module, Expression function, Expression[] arguments) : Expression(at)
{
    internal Expression? Module => module;

    internal Expression Function => function;

    internal Expression[] Arguments => arguments;
}

/// <summary><c>Module:Function</c>, which means something only before arguments.</summary>
internal sealed class RemoteName(Place at, Expression module, Expression function) : Expression(at)
{
    internal Expression Module => module;

    internal Expression Function => function;
}

internal sealed class BlockExpression(Place at, Expression[] body) : Expression(at)
{
    internal Expression[] Body => body;
}

/// <summary>A clause: alternatives of a guard are separated by semicolons, the tests of one by commas.</summary>
internal sealed record Clause(Place At, Expression[] Patterns, Expression[][] Guard, Expression[] Body);

internal sealed class IfExpression(Place at, Clause[] clauses) : Expression(at)
{
    internal Clause[] Clauses => clauses;
}

internal sealed class CaseExpression(Place at, Expression subject, Clause[] clauses) : Expression(at)
{
    internal Expression Subject => subject;

    internal Clause[] Clauses => clauses;
}

internal sealed class ReceiveExpression(Place at, Clause[] clauses, Expression? timeout, Expression[] afterBody) : Expression(at)
{
    internal Clause[] Clauses => clauses;

    internal Expression? Timeout => timeout;

    internal Expression[] AfterBody => afterBody;
}

/// <summary>The patterns of a clause behind <c>catch</c> are class, reason and stack.</summary>
internal sealed class TryExpression(Place at, Expression[] body, Clause[] clauses, Clause[] handlers, Expression[] afterBody)
    : Expression(at)
{
    internal Expression[] Body => body;

    internal Clause[] Clauses => clauses;

    internal Clause[] Handlers => handlers;

    internal Expression[] AfterBody => afterBody;
}

internal sealed class CatchExpression(Place at, Expression body) : Expression(at)
{
    internal Expression Body => body;
}

/// <summary><c>maybe … else … end</c></summary>
internal sealed class MaybeExpression(Place at, Expression[] body, Clause[]? otherwise) : Expression(at)
{
    internal Expression[] Body => body;

    internal Clause[]? Otherwise => otherwise;
}

/// <summary><c>Pattern ?= Value</c></summary>
internal sealed class MaybeMatch(Place at, Expression pattern, Expression value) : Expression(at)
{
    internal Expression Pattern => pattern;

    internal Expression Value => value;
}

internal sealed class FunExpression(Place at, string? name, Clause[] clauses) : Expression(at)
{
    internal string? Name => name;

    internal Clause[] Clauses => clauses;

    internal int Arity => clauses[0].Patterns.Length;

    /// <summary>The variables it uses that may come from outside; found by <see cref="Lint"/>.</summary>
    internal IReadOnlyCollection<string> Uses { get; set; } = [];

    /// <summary>Which piece of code it is: two funs of the same one are equal when they have caught the same.</summary>
    internal UInt128 Identity { get; } = NewIdentity();

    private static UInt128 NewIdentity()
    {
        var bytes = Guid.NewGuid().ToByteArray();
        return new UInt128(BitConverter.ToUInt64(bytes), BitConverter.ToUInt64(bytes, 8));
    }
}

/// <summary><c>fun Module:Function/Arity</c>, or <c>fun Function/Arity</c>.</summary>
internal sealed class FunName(Place at, Expression? module, Expression function, Expression arity) : Expression(at)
{
    internal Expression? Module => module;

    internal Expression Function => function;

    internal Expression Arity => arity;
}

internal enum ComprehensionKind
{
    List,
    Binary,
    Map,
}

/// <summary>A comprehension; the one that makes a map has a key and a value.</summary>
internal sealed class Comprehension(Place at, ComprehensionKind kind, Expression[] template, Qualifier[] qualifiers) : Expression(at)
{
    internal ComprehensionKind Kind => kind;

    internal Expression[] Template => template;

    internal Qualifier[] Qualifiers => qualifiers;
}

/// <summary>A generator, or a filter when it has no pattern.</summary>
/// <param name="At">Where it is.</param>
/// <param name="Kind">What is gone through.</param>
/// <param name="Pattern">What each element is matched with; the key's and the value's for a map.</param>
/// <param name="Source">What is gone through, or the filter.</param>
/// <param name="IsStrict">Whether an element that does not match is an error.</param>
internal sealed record Qualifier(Place At, ComprehensionKind Kind, Expression[]? Pattern, Expression Source, bool IsStrict);
