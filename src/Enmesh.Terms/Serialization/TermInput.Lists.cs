using System.ComponentModel;

namespace Enmesh.Terms.Serialization;

public ref partial struct TermInput
{
    /// <summary>Opens a proper list.</summary>
    internal ListReader ReadList(string expected = "a list")
    {
        Enter();
        if (Peek() is not (TermKind.List or TermKind.Nil))
            throw Unexpected(expected);
        if (!_isTerm)
            return new ListReader(_reader.Position, _reader.ReadListHeader(), expected);
        return _value.AsList!.Value.IsProper ? new ListReader(_value, expected) : throw Improper(expected, _value);
    }

    /// <summary>Opens a property list whose keys are the members of a type.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public ProplistReader ReadProplist(TermShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new ProplistReader(shape, ReadList(shape.Expected));
    }

    /// <summary>
    /// Opens an element of a property list: <c>{Key, Value}</c>, or a bare atom, which means <c>{Key, true}</c>. The
    /// input
    /// stands at the key afterwards; <see cref="ToValue"/> brings it on.
    /// </summary>
    internal Property OpenProperty()
    {
        const string Expected = "a property, {Key, Value} or an atom";
        var kind = Peek();
        if (kind == TermKind.Atom)
            return new Property(null, IsBare: true);
        if (kind != TermKind.Tuple)
            throw Unexpected(Expected);
        if (_isTerm)
        {
            var pair = (Term[])_value.Object!;
            if (pair.Length != 2)
                throw Unexpected(Expected);
            _value = pair[0];
            return new Property(pair, IsBare: false);
        }
        var start = _reader.Position;
        if (_reader.ReadTupleHeader() == 2)
            return new Property(null, IsBare: false);
        _reader.Rewind(start);
        throw Unexpected(Expected);
    }

    /// <summary>Brings the input from the key of a property, which has been read, to its value.</summary>
    internal void ToValue(Property property)
    {
        if (property.Pair is { } pair)
        {
            _value = pair[1];
        }
        else if (property.IsBare)
        {
            // No bytes stand for the value of a bare atom, so this one value comes from a term.
            _value = true;
            _isBorrowed = !_isTerm;
            _isTerm = true;
        }
    }

    /// <summary>Back to where the other properties come from.</summary>
    internal void EndValue()
    {
        if (_isBorrowed)
            (_isTerm, _isBorrowed) = (false, false);
    }

    private static TermSerializationException Improper(string expected, Term found) =>
        new($"expected {expected}, found the improper list {Print(found)}");

    /// <summary>An open element of a property list.</summary>
    /// <param name="Pair">Its elements, when it is a tuple of a term.</param>
    /// <param name="IsBare">Whether it is an atom alone.</param>
    internal readonly record struct Property(Term[]? Pair, bool IsBare);

    /// <summary>Goes through the elements of a proper list.</summary>
    internal struct ListReader
    {
        private readonly Term _whole;
        private readonly Term[]? _elements; // null when they come as bytes, or are a list of bytes
        private readonly string _expected;
        private readonly int _start = -1; // where the list begins, when it comes as bytes
        private int _left; // elements left of the list; of bytes, of the run that was announced
        private bool _isAtEnd;

        internal ListReader(Term whole, string expected)
        {
            _whole = whole;
            _expected = expected;
            _elements = whole.Object as Term[];
            _left = whole.AsList!.Value.Count;
            _isAtEnd = true;
        }

        internal ListReader(int start, int run, string expected)
        {
            _start = start;
            _expected = expected;
            _left = run;
            _isAtEnd = run == 0;
        }

        /// <summary>How many elements have been begun.</summary>
        internal int Count { get; private set; }

        /// <summary>
        /// How many elements to make room for at first; each that is announced has at least one byte.
        /// </summary>
        internal readonly int Capacity => Math.Min(_left, 1024);

        /// <summary>Brings the input to the next element.</summary>
        internal bool Next(ref TermInput input)
        {
            if (_left == 0 && (_isAtEnd || !NextRun(ref input)))
            {
                Count = 0;
                input.Leave();
                return false;
            }
            _left--;
            if (_elements is not null)
                input._value = _elements[Count];
            else if (_start < 0)
                input._value = _whole.AsList!.Value[Count];
            Count++;
            return true;
        }

        /// <summary>The list as a whole, for an error.</summary>
        internal readonly Term Whole(ref TermInput input) => input.At(_start, _whole);

        /// <summary>Says in the exception which element it was. Always false.</summary>
        internal readonly bool Locate(TermSerializationException exception) =>
            Count > 0 && exception.Under($"[{Count - 1}]");

        private bool NextRun(ref TermInput input)
        {
            if (input._reader.Peek() is not (TermKind.List or TermKind.Nil))
            {
                Count = 0;
                throw Improper(_expected, input.At(_start, default));
            }
            _left = input._reader.ReadListHeader();
            _isAtEnd = _left == 0;
            return !_isAtEnd;
        }
    }

    /// <summary>Goes through the properties of a list that are members. For generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public struct ProplistReader
    {
        private readonly TermShape _shape;
        private ListReader _list;
        private int _member = -1;
        private MemberSet _seen;

        internal ProplistReader(TermShape shape, ListReader list)
        {
            _shape = shape;
            _list = list;
        }

        /// <summary>Brings the input to the value of the next member.</summary>
        /// <returns>Which member; -1 at the end, where all required ones have been seen.</returns>
        public int Next(ref TermInput input)
        {
            var guess = _member + 1;
            input.EndValue();
            _member = -1;
            while (_list.Next(ref input))
            {
                var property = input.OpenProperty();
                var key = _shape.RefusesUnknown ? input.Ahead() : default;
                var isName = input.TryReadAtomText(out var utf8) || input.TryReadBinary(out utf8);
                var member = isName ? _shape.Table.Find(utf8, guess) : -1;
                if (member < 0 && _shape.RefusesUnknown)
                    throw UnknownKey(_shape, key);
                // Of equal keys the first counts, as for proplists:get_value/2.
                if (member >= 0 && _seen.Add(member))
                {
                    input.ToValue(property);
                    return _member = member;
                }
                if (!isName)
                    input.Skip();
                if (!property.IsBare)
                    input.Skip();
            }
            if (_shape.Required.Without(_seen) is { Count: > 0 } missing)
                throw Missing(_shape, missing, _list.Whole(ref input));
            return -1;
        }

        /// <summary>Whether the member has come.</summary>
        public readonly bool Has(int member) => _seen.Contains(member);

        /// <summary>Says in the exception which member it was. Always false.</summary>
        public readonly bool Locate(TermSerializationException exception)
        {
            ArgumentNullException.ThrowIfNull(exception);
            return _member >= 0 ? exception.Under($".{_shape.Names[_member]}") : _list.Locate(exception);
        }
    }
}
