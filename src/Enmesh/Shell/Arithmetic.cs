using System.Numerics;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Order;

namespace Enmesh.Shell;

/// <summary>Erlang's operators on values that are there.</summary>
internal static class Arithmetic
{
    private static readonly Atom Erlang = new("erlang");
    private static readonly Atom BadArith = new("badarith");
    private static readonly Atom BadArg = new("badarg");
    private static readonly Atom SystemLimit = new("system_limit");

    internal static Term Unary(string op, Term value)
    {
        switch (op)
        {
            case "-" when value.Int64 is { } number && number != long.MinValue:
                return -number;
            case "-" when value.Integer is { } big:
                return -big;
            case "-" when value.Float is { } real:
                return -real;
            case "+" when value.Integer is not null || value.Float is not null:
                return value;
            case "bnot" when value.Integer is { } bits:
                return -bits - 1;
            case "not":
                return value.Boolean is { } flag ? !flag : throw Fail(BadArg, op, value);
        }
        throw Fail(BadArith, op, value);
    }

    internal static Term Binary(string op, Term left, Term right) => op switch
    {
        "==" => TermOrder.AreEqual(left, right),
        "/=" => !TermOrder.AreEqual(left, right),
        "=:=" => left == right,
        "=/=" => left != right,
        "<" => TermOrder.Compare(left, right) < 0,
        "=<" => TermOrder.Compare(left, right) <= 0,
        ">" => TermOrder.Compare(left, right) > 0,
        ">=" => TermOrder.Compare(left, right) >= 0,
        "++" => Append(left, right),
        "--" => Subtract(left, right),
        "and" or "or" or "xor" => Logical(op, left, right),
        "/" => Divide(left, right),
        "+" or "-" or "*" => Reckon(op, left, right),
        _ => OnIntegers(op, left, right),
    };

    private static Term Append(Term left, Term right)
    {
        if (left.AsList is not { IsProper: true } list)
            throw Fail(BadArg, "++", left, right);
        if (right.IsNil)
            return left;
        if (list.Count + (right.AsList?.Count ?? 0L) > Limits.MaxElements)
            throw Fail(SystemLimit, "++", left, right);
        return Term.ListWithTail([.. list], right);
    }

    private static Term Subtract(Term left, Term right)
    {
        if (left.AsList is not { IsProper: true } list || right.AsList is not { IsProper: true } others)
            throw Fail(BadArg, "--", left, right);
        var taken = new Dictionary<Term, int>();
        foreach (var other in others)
            taken[other] = taken.GetValueOrDefault(other) + 1;
        var rest = new List<Term>(list.Count);
        foreach (var element in list)
        {
            if (taken.TryGetValue(element, out var count) && count > 0)
                taken[element] = count - 1;
            else
                rest.Add(element);
        }
        return Term.List([.. rest]);
    }

    private static Term Logical(string op, Term left, Term right)
    {
        if (left.Boolean is not { } a || right.Boolean is not { } b)
            throw Fail(BadArg, op, left, right);
        return op switch
        {
            "and" => a && b,
            "or" => a || b,
            _ => a != b,
        };
    }

    private static Term Reckon(string op, Term left, Term right)
    {
        if (left.Int64 is { } a && right.Int64 is { } b)
        {
            var wide = op switch { "+" => (Int128)a + b, "-" => (Int128)a - b, _ => (Int128)a * b };
            return wide >= long.MinValue && wide <= long.MaxValue ? (Term)(long)wide : (Term)(BigInteger)wide;
        }
        if (left.Integer is { } x && right.Integer is { } y)
        {
            if (op == "*" && x.GetBitLength() + y.GetBitLength() > Limits.MaxIntegerBits + 1)
                throw Fail(SystemLimit, op, left, right);
            return Bounded(op switch { "+" => x + y, "-" => x - y, _ => x * y }, op, left, right);
        }
        var (p, q) = (ToFloat(op, left, left, right), ToFloat(op, right, left, right));
        return Finite(op switch { "+" => p + q, "-" => p - q, _ => p * q }, op, left, right);
    }

    private static Term Divide(Term left, Term right)
    {
        var (p, q) = (ToFloat("/", left, left, right), ToFloat("/", right, left, right));
        return q == 0 ? throw Fail(BadArith, "/", left, right) : Finite(p / q, "/", left, right);
    }

    private static Term OnIntegers(string op, Term left, Term right)
    {
        if (left.Integer is not { } x || right.Integer is not { } y)
            throw Fail(BadArith, op, left, right);
        switch (op)
        {
            case "div" or "rem" when y.IsZero:
                throw Fail(BadArith, op, left, right);
            case "div":
                return BigInteger.Divide(x, y);
            case "rem":
                return BigInteger.Remainder(x, y);
            case "band":
                return x & y;
            case "bor":
                return x | y;
            case "bxor":
                return x ^ y;
            case "bsl":
                return Shift(x, y, op, left, right);
            case "bsr":
                return Shift(x, -y, op, left, right);
            default:
                throw Fail(BadArith, op, left, right);
        }
    }

    private static Term Shift(BigInteger value, BigInteger by, string op, Term left, Term right)
    {
        if (value.IsZero)
            return 0;
        if (by <= 0)
            return by < -Limits.MaxIntegerBits ? (value.Sign < 0 ? -1 : 0) : value >> (int)-by;
        if (by + value.GetBitLength() > Limits.MaxIntegerBits)
            throw Fail(SystemLimit, op, left, right);
        return value << (int)by;
    }

    private static double ToFloat(string op, Term term, Term left, Term right)
    {
        var value = term.Float ?? (double?)term.Integer ?? throw Fail(BadArith, op, left, right);
        return double.IsFinite(value) ? value : throw Fail(BadArith, op, left, right);
    }

    private static Term Finite(double value, string op, Term left, Term right) =>
        double.IsFinite(value) ? value : throw Fail(BadArith, op, left, right);

    private static Term Bounded(BigInteger value, string op, Term left, Term right) =>
        value.GetBitLength() > Limits.MaxIntegerBits ? throw Fail(SystemLimit, op, left, right) : value;

    internal static ErlangException Fail(Atom reason, string op, params ReadOnlySpan<Term> arguments) =>
        ErlangException.Error(reason, Term.List(Term.Tuple(Erlang, new Atom(op), Term.List(arguments), Term.Nil)));
}

/// <summary>How large things may get that an expression makes: a node has other work to do.</summary>
internal static class Limits
{
    /// <summary>The elements of a list, the pairs of a map.</summary>
    internal const int MaxElements = 16 << 20;

    /// <summary>The bytes of a binary.</summary>
    internal const int MaxBytes = 64 << 20;

    /// <summary>The bits of an integer: to print one of many more in decimal takes .NET seconds, and minutes.</summary>
    internal const int MaxIntegerBits = 1 << 18;

    /// <summary>Calls within calls; those in tail position do not count.</summary>
    internal const int MaxCallDepth = 100_000;
}
