using System.Globalization;
using System.Numerics;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell.Library;

/// <summary>Auto-imported functions from one type to another.</summary>
internal static class ErlangConversions
{
    private const string NotCharacters = "not a list of characters";
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    internal static void AddTo(LibraryModule erlang)
    {
        erlang
            .Add("atom_to_list", "a", call => Term.CharList(call.Atom(0).Text))
            .Add("atom_to_binary", "a", call => Term.Binary(call.Atom(0).Text))
            .Add("atom_to_binary", "aa", call => call[1].AtomText == "latin1"
                ? Term.Binary(Encoding.Latin1.GetBytes(call.Atom(0).Text)) : Term.Binary(call.Atom(0).Text))
            .Add("list_to_atom", "l", ToAtom)
            .Add("list_to_existing_atom", "l", ToAtom)
            .Add("binary_to_atom", "b", BinaryToAtom)
            .Add("binary_to_atom", "ba", BinaryToAtom)
            .Add("binary_to_existing_atom", "b", BinaryToAtom)
            .Add("binary_to_existing_atom", "ba", BinaryToAtom)
            .Add("integer_to_list", "i", call => Term.CharList(ToText(call, 10)))
            .Add("integer_to_list", "ii", call => Term.CharList(ToText(call, Base(call))))
            .Add("integer_to_binary", "i", call => Term.Binary(ToText(call, 10)))
            .Add("integer_to_binary", "ii", call => Term.Binary(ToText(call, Base(call))))
            .Add("list_to_integer", "l", call => ToInteger(call, TextOf(call), 10))
            .Add("list_to_integer", "li", call => ToInteger(call, TextOf(call), Base(call)))
            .Add("binary_to_integer", "b", call => ToInteger(call, Encoding.Latin1.GetString(call.Bytes(0).Span), 10))
            .Add("binary_to_integer", "bi", call => ToInteger(call, Encoding.Latin1.GetString(call.Bytes(0).Span), Base(call)))
            .Add("list_to_float", "l", call => ToFloat(call, TextOf(call)))
            .Add("binary_to_float", "b", call => ToFloat(call, Encoding.Latin1.GetString(call.Bytes(0).Span)))
            .Add("float_to_list", "*", call => Term.CharList(FloatText(call)))
            .Add("float_to_binary", "*", call => Term.Binary(FloatText(call)))
            .Add("float_to_list", "*l", call => Term.CharList(FloatText(call, call.List(1))))
            .Add("float_to_binary", "*l", call => Term.Binary(FloatText(call, call.List(1))))
            .Add("iolist_to_binary", "*", call => Term.BinaryOver(ToBytes(call)))
            .Add("iolist_size", "*", call => ToBytes(call).Length)
            .Add("list_to_binary", "l", call => Term.BinaryOver(ToBytes(call)))
            .Add("list_to_bitstring", "l", call => Term.BinaryOver(ToBytes(call)))
            .Add("iolist_to_iovec", "*", call => Term.List(Term.BinaryOver(ToBytes(call))))
            .Add("binary_to_list", "b", call => Term.ByteList(call.Bytes(0).Span))
            .Add("binary_to_list", "bii", BinaryToList)
            .Add("bitstring_to_list", "s", call => call.Bits(0).IsBinary ? Term.ByteList(call.Bits(0).Span) : throw call.Bad())
            .Add("pid_to_list", "p", call => Term.CharList(Shown(call)))
            .Add("ref_to_list", "r", call => Term.CharList(Shown(call)))
            .Add("fun_to_list", "f", call => Term.CharList(Shown(call)))
            .Add("list_to_pid", "l", call => Read(call) is { Pid: not null } pid ? pid : throw call.Bad(0, "not a textual representation of a pid"))
            .Add("list_to_ref", "l", call => Read(call) is { Reference: not null } reference
                ? reference : throw call.Bad(0, "not a textual representation of a reference"));
    }

    internal static byte[] ToBytes(LibraryCall call)
    {
        var text = new StringBuilder();
        try
        {
            CharData.Append(text, call[0], CharEncoding.Latin1, Limits.MaxBytes);
        }
        catch (FormatException)
        {
            throw call.Bad(0, call[0].AsList is null ? "not an iodata term" : "not an iolist term");
        }
        return Encoding.Latin1.GetBytes(text.ToString());
    }

    private static string Shown(LibraryCall call) =>
        ErlangText.Print(call[0], ErlangPrintOptions.Write with { LocalNode = LocalNodeOf(call) });

    private static LocalNode LocalNodeOf(LibraryCall call) => new(call.Context.Node.Atom, call.Context.Self.Creation);

    private static Term Read(LibraryCall call)
    {
        try
        {
            return ErlangText.Parse(TextOf(call), new ErlangParseOptions { LocalNode = LocalNodeOf(call) });
        }
        catch (TermSyntaxException)
        {
            return default;
        }
    }

    private static string TextOf(LibraryCall call) => call.List(0).TryGetText(out var text) ? text : throw call.Bad(0, NotCharacters);

    private static Term ToAtom(LibraryCall call)
    {
        var text = TextOf(call);
        return text.EnumerateRunes().Count() > Atom.MaxCharacters ? throw call.TooLarge() : new Atom(text);
    }

    private static Term BinaryToAtom(LibraryCall call)
    {
        var latin1 = call.Arguments.Length > 1 && call[1].IsAtom("latin1");
        if (!latin1 && !CharData.TryGetText(call[0], CharEncoding.Utf8, out _))
            throw call.Bad(0, "not valid UTF-8");
        var text = latin1 ? Encoding.Latin1.GetString(call.Bytes(0).Span) : Encoding.UTF8.GetString(call.Bytes(0).Span);
        return text.EnumerateRunes().Count() > Atom.MaxCharacters ? throw call.TooLarge() : new Atom(text);
    }

    private static int Base(LibraryCall call) => call.Integer(1) is var asked && asked >= 2 && asked <= Digits.Length
        ? (int)asked : throw call.Bad(1, "not an integer in the range 2 through 36");

    private static string ToText(LibraryCall call, int numberBase)
    {
        var value = call.Integer(0);
        if (numberBase == 10)
            return value.ToString(CultureInfo.InvariantCulture);
        var rest = BigInteger.Abs(value);
        if (rest.GetBitLength() > 1 << 16)
            throw call.TooLarge(); // the way below takes the square of the length
        var text = new StringBuilder();
        do
        {
            rest = BigInteger.DivRem(rest, numberBase, out var digit);
            text.Insert(0, Digits[(int)digit]);
        }
        while (!rest.IsZero);
        return value.Sign < 0 ? text.Insert(0, '-').ToString() : text.ToString();
    }

    private static Term ToInteger(LibraryCall call, string text, int numberBase)
    {
        var digits = text.TrimStart('+', '-');
        if (digits.Length == 0 || text.Length - digits.Length > 1
            || digits.Any(c => Digits.IndexOf(char.ToUpperInvariant(c), StringComparison.Ordinal) is var value && (value < 0 || value >= numberBase)))
            throw call.Bad(0, "not a textual representation of an integer");
        try
        {
            // The lexer knows how to read long numbers in any base.
            var parsed = ErlangText.Parse($"{numberBase.ToString(CultureInfo.InvariantCulture)}#{digits}").Integer!.Value;
            return text[0] == '-' ? -parsed : parsed;
        }
        catch (TermSyntaxException)
        {
            throw call.TooLarge();
        }
    }

    private static Term ToFloat(LibraryCall call, string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        return point > 0 && point + 1 < text.Length && char.IsAsciiDigit(text[point + 1]) && char.IsAsciiDigit(text[point - 1])
            && double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite & ~NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value)
            ? value : throw call.Bad(0, "not a textual representation of a float");
    }

    private static string FloatText(LibraryCall call)
    {
        if (call[0].Float is not { } value)
            throw call.Bad(0, "not a float");
        var text = value.ToString("e20", CultureInfo.InvariantCulture);
        // The exponent has three digits here, and at least two there.
        var exponent = text.IndexOf('e', StringComparison.Ordinal) + 2;
        return text[exponent] == '0' ? text.Remove(exponent, 1) : text;
    }

    private static string FloatText(LibraryCall call, ListTerm options)
    {
        if (call[0].Float is not { } value)
            throw call.Bad(0, "not a float");
        var isCompact = options.Any(option => option.IsAtom("compact"));
        foreach (var option in options)
        {
            if (option.IsAtom("short"))
                return ErlangText.Print(value);
            if (option.TupleElements is [{ AtomText: "decimals" }, { Int32: >= 0 and <= 253 and var decimals }])
            {
                var text = value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
                return isCompact && decimals > 0 ? Compact(text) : text;
            }
            if (option.TupleElements is [{ AtomText: "scientific" }, { Int32: >= 0 and <= 249 and var places }])
                return value.ToString($"0.{new string('0', places)}e+00", CultureInfo.InvariantCulture);
        }
        return FloatText(call);
    }

    private static string Compact(string text)
    {
        var compact = text.TrimEnd('0');
        return compact.EndsWith('.') ? compact + "0" : compact;
    }

    private static Term BinaryToList(LibraryCall call)
    {
        var length = call.Bytes(0).Length;
        var problems = new List<(int, string)>();
        if (call.Integer(1) < 1 || call.Integer(1) > length)
            problems.Add((2, "out of range"));
        if (call.Integer(2) < 1 || call.Integer(2) > length)
            problems.Add((3, "out of range"));
        if (problems.Count > 0 || call.Integer(1) > call.Integer(2))
            throw call.Fail(Failures.BadArg, [.. problems]);
        return Term.ByteList(call.Bytes(0).Span[(call.Count(1) - 1)..call.Count(2)]);
    }
}
