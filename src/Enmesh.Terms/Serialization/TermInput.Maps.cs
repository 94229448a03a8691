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
        if (_isTerm)
            return _value.ShapeOf == Term.Shape.Map ? new MapReader(shape, _value) : throw Unexpected(shape.Expected);
        if (_reader.Peek() != TermKind.Map)
            throw Unexpected(shape.Expected);
        return new MapReader(shape, _reader.Position, _reader.ReadMapHeader());
    }

    /// <summary>Goes through the pairs of a map that are members. For generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public struct MapReader
    {
        private readonly TermShape _shape;
        private readonly Term _whole;
        private readonly Term[]? _pairs; // null when they come as bytes
        private readonly int _start = -1; // where the map begins, then
        private int _left; // how many pairs
        private int _member = -1;
        private bool _isStruct;
        private MemberSet _seen;

        internal MapReader(TermShape shape, Term whole)
        {
            _shape = shape;
            _whole = whole;
            _pairs = whole.AsMap!.Pairs;
            _left = _pairs.Length / 2;
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
                _left--;
                _member = -1; // no member's fault, should the key be wrong
                _member = _pairs is null ? TakeKey(ref input, guess) : TakePair(ref input, _pairs, guess);
                if (_member < 0)
                    continue;
                return _seen.Add(_member) ? _member : throw Repeated(ref input);
            }
            End(ref input);
            return -1;
        }

        /// <summary>Whether the member has come.</summary>
        public readonly bool Has(int member) => _seen.Contains(member);

        /// <summary>Says in the exception which member it was. Always false.</summary>
        public readonly bool Locate(TermSerializationException exception)
        {
            ArgumentNullException.ThrowIfNull(exception);
            return _member >= 0 && exception.Under($".{_shape.Names[_member]}");
        }

        /// <summary>Takes the next pair of a term, and brings the input to its value.</summary>
        /// <returns>The member; -1 when it is none, and then it is dealt with.</returns>
        private int TakePair(ref TermInput input, Term[] pairs, int guess)
        {
            var at = pairs.Length - (2 * (_left + 1));
            var key = pairs[at];
            input._value = pairs[at + 1];
            if (key.Atom is { } atom)
            {
                var member = _shape.Table.Find(atom, guess);
                return member >= 0 ? member : PassOver(ref input, atom.Utf8, key);
            }
            var named = key.TryGetBinary(out var bytes) ? _shape.Table.Find(bytes.Span, guess) : -1;
            return named >= 0 ? named : PassOver(ref input, default, key);
        }

        /// <summary>The same for bytes.</summary>
        private int TakeKey(ref TermInput input, int guess)
        {
            var start = input._reader.Position;
            var isAtom = input._reader.TryReadAtomText(out var utf8);
            if (isAtom || input._reader.TryReadBinary(out utf8))
            {
                var member = _shape.Table.Find(utf8, guess);
                if (member >= 0)
                    return member;
            }
            else
            {
                input._reader.Skip();
            }
            var key = _shape.RefusesUnknown ? input.At(start, default) : default;
            return PassOver(ref input, isAtom ? utf8 : default, key);
        }

        private int PassOver(ref TermInput input, ReadOnlySpan<byte> atom, Term key)
        {
            if (_shape.Module is { } module && atom.SequenceEqual(ElixirStruct.KeyUtf8))
                CheckModule(ref input, module);
            else if (_shape.RefusesUnknown)
                throw UnknownKey(_shape, key);
            else
                input.Skip();
            return -1;
        }

        private TermSerializationException Repeated(ref TermInput input)
        {
            var name = _shape.Names[_member];
            _member = -1;
            var found = Print(input.At(_start, _whole));
            return new($"the key '{name}' stands twice, as an atom and as a binary, in {found}");
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
            if (_shape.Required.Without(_seen) is { Count: > 0 } missing)
                throw Missing(_shape, missing, input.At(_start, _whole));
            input.Leave();
        }
    }

    internal static TermSerializationException UnknownKey(TermShape shape, Term key) =>
        new($"unknown key {Print(key)}; {shape.TypeName} has {shape.AllNames}");

    internal static TermSerializationException Missing(TermShape shape, MemberSet missing, Term found)
    {
        var noun = missing.Count == 1 ? "key" : "keys";
        return new($"missing {noun} {shape.NamesOf(missing)} of {shape.TypeName}, found {Describe(found)}");
    }
}
