namespace Enmesh.Shell.Library;

/// <summary><c>erlang:is_…</c>, comparison, and operators by name.</summary>
internal static class ErlangTypes
{
    internal static void AddTo(LibraryModule erlang)
    {
        erlang
            .Add("is_atom", "*", call => call[0].Atom is not null)
            .Add("is_binary", "*", call => call[0].BitString is { IsBinary: true })
            .Add("is_bitstring", "*", call => call[0].BitString is not null)
            .Add("is_boolean", "*", call => call[0].Boolean is not null)
            .Add("is_float", "*", call => call[0].Float is not null)
            .Add("is_function", "*", call => call[0].Fun is not null)
            .Add("is_function", "*i", call => call[0].Fun is { } fun && fun.Arity == call.Integer(1))
            .Add("is_integer", "*", call => call[0].Integer is not null)
            .Add("is_list", "*", call => call[0].AsList is not null)
            .Add("is_map", "*", call => call[0].AsMap is not null)
            .Add("is_map_key", "*m", call => call.Map(1).ContainsKey(call[0]))
            .Add("is_number", "*", call => call[0].Integer is not null || call[0].Float is not null)
            .Add("is_pid", "*", call => call[0].Pid is not null)
            .Add("is_port", "*", call => call[0].Port is not null)
            .Add("is_reference", "*", call => call[0].Reference is not null)
            .Add("is_tuple", "*", call => call[0].IsTuple)
            .Add("is_record", "*a", call => call[0].TupleElements is [var tag, ..] && tag == call[1])
            .Add("is_record", "*ai", call =>
                call[0].TupleElements is [var tag, ..] all && tag == call[1] && all.Length == call.Integer(2))
            .Add("min", "**", call => Enmesh.Terms.Order.TermOrder.Compare(call[0], call[1]) <= 0 ? call[0] : call[1])
            .Add("max", "**", call => Enmesh.Terms.Order.TermOrder.Compare(call[0], call[1]) >= 0 ? call[0] : call[1]);
        foreach (var op in new[]
        {
            "+", "-", "*", "/", "div", "rem", "band", "bor", "bxor", "bsl", "bsr", "and", "or", "xor", "++", "--", "==", "/=", "=<", "<", ">=",
            ">", "=:=", "=/=",
        })
        {
            erlang.Add(op, "**", call => Arithmetic.Binary(op, call[0], call[1]));
        }
        foreach (var op in new[] { "+", "-", "not", "bnot" })
            erlang.Add(op, "*", call => Arithmetic.Unary(op, call[0]));
    }
}
