using System.Numerics;

namespace Enmesh.Terms.Text;

/// <content>Binaries: segments with sizes and types.</content>
internal sealed partial class ErlangParser
{
    private const int MaxUnit = 256;

    // How much all the binaries together may still grow.
    private long _bitsLeft;

    private Term? ContinueBinary(ref Level level, Term value)
    {
        var type = ReadSegmentType(ref level);
        var bits = level.Bits!;
        var length = bits.BitLength;
        if (bits.Write(type, value, _string, length + _bitsLeft) is { } problem)
            _lexer.Fail(level.Segment, problem);
        _bitsLeft -= bits.BitLength - length;
        if (TryAdvance(","))
        {
            level.Segment = _token.Offset;
            return null;
        }
        Expect(">>", "',' or '>>'");
        return Leave(bits.ToTerm());
    }

    private SegmentType ReadSegmentType(ref Level level)
    {
        var type = new SegmentType();
        if (TryAdvance(":"))
            type.Size = ReadNumber("the size of a segment");
        if (!TryAdvance("/"))
            return type;
        do
        {
            var offset = _token.Offset;
            var name = ExpectAtom("the type of a segment").Text;
            if (name == "unit")
            {
                Expect(":", "':'");
                var unit = ReadNumber($"a unit from 1 to {MaxUnit}");
                if (unit < 1 || unit > MaxUnit || (type.Unit is { } other && other != unit))
                    _lexer.Fail(offset, $"A segment has one unit, which is from 1 to {MaxUnit}.");
                type.Unit = (int)unit;
            }
            else if (!type.TrySet(name))
            {
                _lexer.Fail(offset, $"'{name}' is no type of a segment, or contradicts another one.");
            }
        }
        while (TryAdvance("-"));
        if (type.Problem is { } problem)
            _lexer.Fail(level.Segment, problem);
        return type;
    }

    private BigInteger ReadNumber(string what)
    {
        if (_token.Kind != TokenKind.Integer)
            Expecting(what);
        var number = _token.Value.Integer!.Value;
        Advance();
        return number;
    }
}
