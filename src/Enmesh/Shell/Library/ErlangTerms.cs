using System.Numerics;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.Shell.Library;

/// <summary>Auto-imported functions on tuples, lists, maps, binaries and numbers.</summary>
internal static class ErlangTerms
{
    internal static void AddTo(LibraryModule erlang)
    {
        AddTuples(erlang);
        AddLists(erlang);
        AddBinaries(erlang);
        erlang
            .Add("map_size", "m", call => call.Map(0).Count)
            .Add("map_get", "*m", call => call.Map(1).TryGetValue(call[0], out var value) ? value : throw call.BadKey(0))
            .Add("abs", "n", call => call[0].Integer is { } number ? BigInteger.Abs(number) : Math.Abs(call[0].Float!.Value))
            .Add("float", "n", call => call.Number(0))
            .Add("round", "n", call => Rounded(call, value => Math.Round(value, MidpointRounding.AwayFromZero)))
            .Add("trunc", "n", call => Rounded(call, Math.Truncate))
            .Add("ceil", "n", call => Rounded(call, Math.Ceiling))
            .Add("floor", "n", call => Rounded(call, Math.Floor))
            .Add("throw", "*", call => throw ErlangException.Throw(call[0]))
            .Add("exit", "*", call => throw ErlangException.Exit(call[0]))
            .Add("error", "*", call => throw ErlangException.Error(call[0], Term.Nil))
            .Add("error", "**", call => throw ErlangException.Error(call[0], Term.Nil))
            .Add("error", "***", call => throw ErlangException.Error(call[0], Term.Nil))
            .Add("raise", "***", Raise);
    }

    private static void AddTuples(LibraryModule erlang) => erlang
        .Add("element", "it", call => call.Integer(0) >= 1 && call.Integer(0) <= call[1].TupleElements.Length
            ? call[1].TupleElements[call.Count(0) - 1] : throw call.Bad(0, "out of range"))
        .Add("setelement", "it*", call =>
        {
            var elements = call[1].TupleElements.ToArray();
            if (call.Integer(0) < 1 || call.Integer(0) > elements.Length)
                throw call.Bad(0, "out of range");
            elements[call.Count(0) - 1] = call[2];
            return Term.Tuple(elements);
        })
        .Add("tuple_size", "t", call => call[0].TupleElements.Length)
        .Add("size", "*", call => call[0].IsTuple ? call[0].TupleElements.Length
            : call[0].BitString is { } bits ? (int)(bits.BitLength / 8) : throw call.Bad(0, "not tuple or binary"))
        .Add("tuple_to_list", "t", call => Term.List(call[0].TupleElements))
        .Add("list_to_tuple", "l", call => Term.Tuple([.. call.List(0)]))
        .Add("append_element", "t*", call => Term.Tuple([.. call[0].TupleElements, call[1]]))
        .Add("delete_element", "it", call => call.Integer(0) >= 1 && call.Integer(0) <= call[1].TupleElements.Length
            ? Term.Tuple([.. call[1].TupleElements[..(call.Count(0) - 1)], .. call[1].TupleElements[call.Count(0)..]])
            : throw call.Bad(0, "out of range"))
        .Add("make_tuple", "i*", call => call.Integer(0) is var size && size >= 0 && size <= Limits.MaxElements
            ? Term.Tuple([.. Enumerable.Repeat(call[1], (int)size)]) : throw call.Bad(0, "out of range"));

    private static void AddLists(LibraryModule erlang) => erlang
        .Add("hd", "L", call => call[0].AsList!.Value[0])
        .Add("tl", "L", call => Matcher.Rest(call[0].AsList!.Value, 1))
        .Add("length", "l", call => call.List(0).Count);

    private static void AddBinaries(LibraryModule erlang) => erlang
        .Add("byte_size", "s", call => call.Bits(0).ByteLength)
        .Add("bit_size", "s", call => call.Bits(0).BitLength)
        .Add("binary_part", "bii", call => BinaryLibrary.Part(call, 1, 2))
        .Add("binary_part", "b*", call => call[1].TupleElements is [{ Integer: { } }, { Integer: { } }]
            ? BinaryLibrary.Part(call, call[1].TupleElements[0].Integer!.Value, call[1].TupleElements[1].Integer!.Value)
            : throw call.Bad(1, "not a valid {Pos,Length} tuple"))
        .Add("split_binary", "bi", call => call.Integer(1) >= 0 && call.Integer(1) <= call.Bytes(0).Length
            ? Term.Tuple(Term.BinaryOver(call.Bytes(0)[..call.Count(1)]), Term.BinaryOver(call.Bytes(0)[call.Count(1)..]))
            : throw call.Bad(1, "out of range"))
        .Add("term_to_binary", "*", call => Term.BinaryOver(ExternalTermFormat.Encode(call[0])))
        .Add("term_to_binary", "*l", call => Term.BinaryOver(ExternalTermFormat.Encode(call[0])))
        .Add("external_size", "*", call => ExternalTermFormat.Encode(call[0]).Length)
        .Add("binary_to_term", "b", ToTerm)
        .Add("binary_to_term", "bl", ToTerm);

    private static Term ToTerm(LibraryCall call)
    {
        try
        {
            return ExternalTermFormat.Decode(call.Bytes(0).Span);
        }
        catch (TermFormatException)
        {
            throw call.Bad(0, "invalid external representation of a term");
        }
    }

    private static Term Rounded(LibraryCall call, Func<double, double> round) =>
        call[0].Integer is not null ? call[0] : new BigInteger(round(call[0].Float!.Value));

    private static Term Raise(LibraryCall call) => throw (call[0].AtomText switch
    {
        "throw" => ErlangException.Throw(call[1]),
        "exit" => ErlangException.Exit(call[1]),
        "error" => ErlangException.Error(call[1], call[2]),
        _ => call.Bad(0, "not one of throw, exit, error"),
    });
}
