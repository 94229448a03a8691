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
        if (_isTerm)
        {
            if (_value.ShapeOf == Term.Shape.Tuple)
            {
                var elements = Unsafe.As<Term[]>(_value.Object!);
                if (elements.Length == shape.Arity && (shape.Tag is not { } tag || elements[0].IsAtom(tag)))
                    return new TupleReader(shape, elements);
            }
            else if (shape.Names.Length == 0 && shape.Tag is { } bare && _value.IsAtom(bare))
            {
                return new TupleReader(shape, null);
            }
            throw Unexpected(shape.Expected);
        }
        var start = _reader.Position;
        if (!TryOpen(shape))
        {
            _reader.Rewind(start);
            throw Unexpected(shape.Expected);
        }
        return new TupleReader(shape, null);
    }

    /// <summary>Finds out which case of a union comes next, and leaves it unread.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public int PeekCase(TermCases cases)
    {
        ArgumentNullException.ThrowIfNull(cases);
        var start = Position;
        var kind = Peek();
        var index = kind switch
        {
            TermKind.Atom => TryReadAtomText(out var tag) ? cases.FindTagged(tag, 1) : -1,
            TermKind.Tuple => FindTagged(cases),
            TermKind.Map when cases.HasStructs => FindStruct(cases),
            _ => -1,
        };
        if (!_isTerm && kind is TermKind.Atom or TermKind.Tuple or TermKind.Map)
            _reader.Rewind(start);
        if (index >= 0)
            return index;
        var found = Ahead();
        var unknown = found.TupleElements is [{ Atom: { } first }, ..] ? first : found.Atom;
        throw unknown is null || cases.HasTag(unknown)
            ? Unexpected(cases.Expected, found)
            : new TermSerializationException($"unknown tag '{unknown.Text}' in {Print(found)}; expected {cases.Expected}");
    }

    private bool TryOpen(TermShape shape)
    {
        if (shape.Tag is not { } tag)
            return _reader.Peek() == TermKind.Tuple && _reader.ReadTupleHeader() == shape.Arity;
        if (_reader.Peek() == TermKind.Tuple)
            return _reader.ReadTupleHeader() == shape.Arity && TryReadAtom(tag);
        return shape.Names.Length == 0 && TryReadAtom(tag);
    }

    private int FindTagged(TermCases cases)
    {
        if (_isTerm)
            return _value.TupleElements is [{ Atom: { } tag }, ..] elements ? cases.FindTagged(tag.Utf8, elements.Length) : -1;
        var arity = _reader.ReadTupleHeader();
        return arity > 0 && TryReadAtomText(out var text) ? cases.FindTagged(text, arity) : -1;
    }

    private int FindStruct(TermCases cases)
    {
        if (_isTerm)
        {
            return _value.AsMap!.TryGetValue(ElixirStruct.Key, out var module) && module.Atom is { } atom
                ? cases.FindStruct(atom.Utf8)
                : -1;
        }
        for (var left = _reader.ReadMapHeader(); left > 0; left--)
        {
            if (!TryReadAtomText(out var key))
                _reader.Skip();
            else if (key.SequenceEqual(ElixirStruct.KeyUtf8))
                return TryReadAtomText(out var text) ? cases.FindStruct(text) : -1;
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

        internal TupleReader(TermShape shape, Term[]? elements)
        {
            _shape = shape;
            _elements = elements;
        }

        /// <summary>Brings the input to the next member.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Next(ref TermInput input)
        {
            _member++;
            if (_elements is not null)
                input._value = _elements[_elements.Length - _shape.Names.Length + _member];
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
