using System.ComponentModel;

namespace Enmesh.Terms.Serialization;

public ref partial struct TermInput
{
    /// <summary>Opens a map whose keys are the members of a type.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public MapReader ReadMap(TermShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Enter();
        if (Peek() != TermKind.Map)
            throw Unexpected(shape.Expected);
        return _isTerm ? new MapReader(shape, _value) : new MapReader(shape, _reader.Position, _reader.ReadMapHeader());
    }

    /// <summary>Goes through the pairs of a map that are members. For generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public struct MapReader
    {
        private readonly TermShape _shape;
        private readonly Term _whole;
        private readonly int _start = -1; // where the map begins, when it comes as bytes
        private int _left; // how many pairs
        private int _member = -1;
        private bool _isStruct;
        private UInt128 _seen;

        internal MapReader(TermShape shape, Term whole)
        {
            _shape = shape;
            _whole = whole;
            _left = whole.AsMap!.Count;
        }

        internal MapReader(TermShape shape, int start, int count)
        {
            _shape = shape;
            _start = start;
            _left = count;
        }

        /// <summary>Brings the input to the value of the next member.</summary>
        /// <returns>Which member; -1 at the end, where all required ones have been seen.</returns>
        public int Next(ref TermInput input)
        {
            var guess = _member + 1;
            while (_left > 0)
            {
                var isName = TakeKey(ref input, out var utf8, out var key);
                _member = isName ? _shape.Table.Find(utf8, guess) : -1;
                if (_member >= 0)
                {
                    MarkSeen(ref input);
                    return _member;
                }
                if (isName && _shape.Module is { } module && utf8.SequenceEqual(ElixirStruct.KeyUtf8))
                    CheckModule(ref input, module);
                else if (_shape.RefusesUnknown)
                    throw UnknownKey(isName ? Name(utf8) : key);
                else
                    input.Skip();
            }
            End(ref input);
            return -1;
        }

        /// <summary>Whether the member has come.</summary>
        public readonly bool Has(int member) => (_seen & (UInt128.One << member)) != 0;

        /// <summary>Says in the exception which member it was. Always false.</summary>
        public readonly bool Locate(TermSerializationException exception)
        {
            ArgumentNullException.ThrowIfNull(exception);
            return _member >= 0 && exception.Under($".{_shape.Names[_member]}");
        }

        /// <summary>Takes the next key, and brings the input to its value.</summary>
        /// <returns>Whether it is an atom or a binary; else <paramref name="other"/> is it.</returns>
        private bool TakeKey(ref TermInput input, out ReadOnlySpan<byte> utf8, out Term other)
        {
            other = default;
            _left--;
            if (_start >= 0)
            {
                if (input._reader.TryReadAtomText(out utf8) || input._reader.TryReadBinary(out utf8))
                    return true;
                if (_shape.RefusesUnknown)
                    other = input._reader.ReadTerm();
                else
                    input._reader.Skip();
                return false;
            }
            var pairs = _whole.AsMap!.Pairs;
            var at = pairs.Length - (2 * (_left + 1));
            (other, input._value) = (pairs[at], pairs[at + 1]);
            utf8 = other.Atom is { } atom ? atom.Utf8 : default;
            if (other.Atom is not null)
                return true;
            var isBinary = other.TryGetBinary(out var bytes);
            utf8 = bytes.Span;
            return isBinary;
        }

        private void MarkSeen(ref TermInput input)
        {
            var bit = UInt128.One << _member;
            if ((_seen & bit) != 0)
            {
                var name = _shape.Names[_member];
                _member = -1;
                throw new TermSerializationException($"the key '{name}' stands twice, as an atom and as a binary, in {Print(input.At(_start, _whole))}");
            }
            _seen |= bit;
        }

        private void CheckModule(ref TermInput input, Atom module)
        {
            if (!input.TryReadAtomText(out var found) || !found.SequenceEqual(module.Utf8))
                throw Unexpected(_shape.Expected, input.At(_start, _whole));
            _isStruct = true;
        }

        private void End(ref TermInput input)
        {
            _member = -1;
            if (_shape.Module is not null && !_isStruct)
                throw Unexpected(_shape.Expected, input.At(_start, _whole));
            if ((_shape.Required & ~_seen) is var missing && missing != 0)
                throw Missing(_shape, missing, input.At(_start, _whole));
            input.Leave();
        }

        private readonly TermSerializationException UnknownKey(Term key) =>
            new($"unknown key {Print(key)}; {_shape.TypeName} has {_shape.NamesOf(UInt128.MaxValue)}");

        private readonly Term Name(ReadOnlySpan<byte> utf8) =>
            System.Text.Unicode.Utf8.IsValid(utf8) && !_shape.HasBinaryKeys && utf8.Length <= byte.MaxValue
                ? Term.AtomOf(System.Text.Encoding.UTF8.GetString(utf8))
                : Term.Binary(utf8);
    }

    internal static TermSerializationException Missing(TermShape shape, UInt128 missing, Term found)
    {
        var noun = UInt128.PopCount(missing) == 1 ? "key" : "keys";
        return new($"missing {noun} {shape.NamesOf(missing)} of {shape.TypeName}, found {Describe(found)}");
    }
}
