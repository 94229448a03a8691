using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Enmesh.Terms.Serialization;

public ref partial struct TermInput
{
    /// <summary>Opens a tuple that must have the shape.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public TupleReader ReadTuple(TermShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Enter();
        if (_opened is not null)
        {
            // PeekCase came just before, and the type info it led to has this shape.
            _opened = null;
            return new TupleReader(shape, _isTerm ? _value.Object as Term[] : null);
        }
        if (_isTerm)
        {
            if (_value.ShapeOf == Term.Shape.Tuple)
            {
                var elements = Unsafe.As<Term[]>(_value.Object!);
                if (elements.Length == shape.Arity && (shape.Tag is not { } tag || elements[0].Atom == tag))
                    return new TupleReader(shape, elements);
            }
            else if (shape.Names.Length == 0 && shape.Tag is { } bare && _value.Atom == bare)
            {
                return new TupleReader(shape, null);
            }
            throw Unexpected(shape.Expected);
        }
        var start = _reader.Position;
        if (!TryOpen(shape))
            throw UnexpectedAt(start, shape.Expected);
        return new TupleReader(shape, null);
    }

    /// <summary>Finds out which case of a union comes next. Its type info is to read it now.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public int PeekCase(TermCases cases)
    {
        ArgumentNullException.ThrowIfNull(cases);
        var start = Position;
        var index = _isTerm ? FindCaseOfTerm(cases) : FindCaseOfBytes(cases);
        if (index < 0)
            throw UnknownCase(cases, At(start, _value));
        // A tuple is open now, or a bare atom read; of a struct nothing is.
        _opened = cases[index].Module is null ? cases[index] : null;
        return index;
    }

    private static TermSerializationException UnknownCase(TermCases cases, Term found)
    {
        var tag = found.TupleElements is [{ Atom: { } first }, ..] ? first : found.Atom;
        return tag is null || cases.HasTag(tag)
            ? Unexpected(cases.Expected, found)
            : new($"unknown tag '{tag.Text}' in {Print(found)}; expected {cases.Expected}");
    }

    private readonly int FindCaseOfTerm(TermCases cases)
    {
        if (_value.TupleElements is [{ Atom: { } tag }, ..] elements)
            return cases.FindTagged(tag, elements.Length);
        if (_value.Atom is { } bare)
            return cases.FindTagged(bare, 1);
        return cases.HasStructs && _value.AsMap is { } map && map.TryGetValue(ElixirStruct.Key, out var module)
            && module.Atom is { } atom ? cases.FindStruct(atom.Utf8) : -1;
    }

    private int FindCaseOfBytes(TermCases cases)
    {
        switch (_reader.Peek())
        {
            case TermKind.Tuple:
                var arity = _reader.ReadTupleHeader();
                return arity > 0 && _reader.TryReadAtomText(out var tag) ? cases.FindTagged(tag, arity) : -1;
            case TermKind.Atom:
                return _reader.TryReadAtomText(out var bare) ? cases.FindTagged(bare, 1) : -1;
            case TermKind.Map when cases.HasStructs:
                var start = _reader.Position;
                var index = FindStruct(cases);
                _reader.Rewind(start);
                return index;
            default:
                return -1;
        }
    }

    private bool TryOpen(TermShape shape)
    {
        if (_reader.Peek() != TermKind.Tuple)
            return shape.Names.Length == 0 && shape.Tag is { } bare && TryReadAtom(bare);
        return _reader.ReadTupleHeader() == shape.Arity && (shape.Tag is not { } tag || TryReadAtom(tag));
    }

    /// <summary>The exception for a value that was begun to be read.</summary>
    private readonly TermSerializationException UnexpectedAt(int start, string expected) =>
        Unexpected(expected, At(start, default));

    private int FindStruct(TermCases cases)
    {
        for (var left = _reader.ReadMapHeader(); left > 0; left--)
        {
            if (!_reader.TryReadAtomText(out var key))
                _reader.Skip();
            else if (key.SequenceEqual(ElixirStruct.KeyUtf8))
                return _reader.TryReadAtomText(out var module) ? cases.FindStruct(module) : -1;
            _reader.Skip();
        }
        return -1;
    }

    /// <summary>Goes through the members of a tuple. For generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public struct TupleReader
    {
        private readonly TermShape _shape;
        private readonly Term[]? _elements; // null when they come as bytes
        private int _member = -1;
        private int _at;

        internal TupleReader(TermShape shape, Term[]? elements)
        {
            _shape = shape;
            _elements = elements;
            _at = shape.Arity - shape.Names.Length; // 1 where there is a tag
        }

        /// <summary>Brings the input to the next member.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Next(ref TermInput input)
        {
            _member++;
            if (_elements is not null)
                input._value = _elements[_at++];
        }

        /// <summary>Closes the tuple.</summary>
        public void End(ref TermInput input)
        {
            _member = -1;
            input.Leave();
        }

        /// <summary>Says in the exception which member it was. Always false.</summary>
        public readonly bool Locate(TermSerializationException exception)
        {
            ArgumentNullException.ThrowIfNull(exception);
            return _member >= 0 && exception.Under($".{_shape.Names[_member]}");
        }
    }
}

internal static class ElixirStruct
{
    internal static Atom Key { get; } = new("__struct__");

    internal static ReadOnlySpan<byte> KeyUtf8 => "__struct__"u8;
}
