using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Enmesh.Terms.Serialization;

public ref partial struct TermOutput
{
    /// <summary>Opens a tuple of the shape.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public TupleWriter WriteTuple(TermShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Enter();
        if (shape is { Tag: { } bare, Names.Length: 0 })
        {
            WriteAtom(bare);
            return new TupleWriter(shape, null);
        }
        if (_isTerm)
        {
            var elements = new Term[shape.Arity];
            if (shape.Tag is not null)
                elements[0] = shape.Tag;
            return new TupleWriter(shape, elements);
        }
        _writer.WriteTupleHeader(shape.Arity);
        if (shape.Tag is not null)
            _writer.WriteAtom(shape.Tag);
        return new TupleWriter(shape, null);
    }

    /// <summary>Opens a map of so many members.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public MapWriter WriteMap(TermShape shape, int count)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Enter();
        var all = shape.Module is null ? count : count + 1;
        if (_isTerm)
        {
            var pairs = new Term[2 * all];
            if (shape.Module is not null)
                (pairs[0], pairs[1]) = (ElixirStruct.Key, shape.Module);
            return new MapWriter(shape, pairs);
        }
        _writer.WriteMapHeader(all);
        if (shape.Module is not null)
        {
            _writer.WriteAtom(ElixirStruct.Key);
            _writer.WriteAtom(shape.Module);
        }
        return new MapWriter(shape, null);
    }

    /// <summary>Opens a property list of so many members.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public ProplistWriter WriteProplist(TermShape shape, int count)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new ProplistWriter(shape, WriteList(count));
    }

    /// <summary>Opens a list of so many elements.</summary>
    internal ListWriter WriteList(int count)
    {
        Enter();
        if (_isTerm)
            return new ListWriter(count == 0 ? [] : new Term[count]);
        if (count > 0)
            _writer.WriteListHeader(count);
        return new ListWriter(null);
    }

    /// <summary>Writes the elements of a tuple. For generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public struct TupleWriter
    {
        private readonly TermShape _shape;
        private readonly Term[]? _elements; // null when they go into bytes
        private int _member = -1;

        internal TupleWriter(TermShape shape, Term[]? elements)
        {
            _shape = shape;
            _elements = elements;
        }

        /// <summary>Goes on to the next member, which is to be written now.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Next(ref TermOutput output)
        {
            if (_elements is not null && _member >= 0)
                _elements[_elements.Length - _shape.Names.Length + _member] = output._value;
            _member++;
        }

        /// <summary>Closes the tuple.</summary>
        public void End(ref TermOutput output)
        {
            if (_elements is not null)
            {
                Next(ref output);
                output._value = new Term(_elements, Term.Shape.Tuple);
            }
            output.Leave();
        }

        /// <summary>Says in the exception which member it was. Always false.</summary>
        public readonly bool Locate(TermSerializationException exception)
        {
            ArgumentNullException.ThrowIfNull(exception);
            return _member >= 0 && exception.Under($".{_shape.Names[_member]}");
        }
    }

    /// <summary>Writes the pairs of a map. For generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public struct MapWriter
    {
        private readonly TermShape _shape;
        private readonly Term[]? _pairs; // null when they go into bytes
        private int _member = -1;
        private int _at;

        internal MapWriter(TermShape shape, Term[]? pairs)
        {
            _shape = shape;
            _pairs = pairs;
            _at = shape.Module is null ? 0 : 2;
        }

        /// <summary>Writes the key of a member, whose value is to be written now.</summary>
        public void Next(ref TermOutput output, int member)
        {
            if (_pairs is not null)
            {
                Keep(output._value);
                _pairs[_at] = _shape.Keys[member];
            }
            else if (_shape.HasBinaryKeys)
            {
                output._writer.WriteBinary(_shape.Table[member]);
            }
            else
            {
                output._writer.WriteAtom(_shape.AtomKeys[member]);
            }
            _member = member;
        }

        /// <summary>Closes the map.</summary>
        public void End(ref TermOutput output)
        {
            if (_pairs is not null)
            {
                Keep(output._value);
                output._value = Map(_pairs);
            }
            output.Leave();
        }

        /// <inheritdoc cref="TupleWriter.Locate"/>
        public readonly bool Locate(TermSerializationException exception)
        {
            ArgumentNullException.ThrowIfNull(exception);
            return _member >= 0 && exception.Under($".{_shape.Names[_member]}");
        }

        private void Keep(Term value)
        {
            if (_member < 0)
                return;
            _pairs![_at + 1] = value;
            _at += 2;
        }
    }

    /// <summary>Writes the properties of a list. For generated code.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public struct ProplistWriter
    {
        private readonly TermShape _shape;
        private ListWriter _list;
        private int _member = -1;

        internal ProplistWriter(TermShape shape, ListWriter list)
        {
            _shape = shape;
            _list = list;
        }

        /// <summary>Writes the key of a member, whose value is to be written now.</summary>
        public void Next(ref TermOutput output, int member)
        {
            Keep(ref output);
            _list.Next(ref output);
            if (!output._isTerm)
            {
                output._writer.WriteTupleHeader(2);
                output._writer.WriteAtom(_shape.AtomKeys[member]);
            }
            _member = member;
        }

        /// <summary>Closes the list.</summary>
        public void End(ref TermOutput output)
        {
            Keep(ref output);
            _list.End(ref output);
        }

        /// <inheritdoc cref="TupleWriter.Locate"/>
        public readonly bool Locate(TermSerializationException exception)
        {
            ArgumentNullException.ThrowIfNull(exception);
            return _member >= 0 && exception.Under($".{_shape.Names[_member]}");
        }

        private readonly void Keep(ref TermOutput output)
        {
            if (output._isTerm && _member >= 0)
                output._value = Term.Tuple(_shape.AtomKeys[_member], output._value);
        }
    }

    /// <summary>Writes the elements of a list.</summary>
    internal struct ListWriter
    {
        private readonly Term[]? _elements; // null when they go into bytes

        internal ListWriter(Term[]? elements) => _elements = elements;

        /// <summary>How many elements have been begun.</summary>
        internal int Count { get; private set; }

        /// <summary>Goes on to the next element, which is to be written now.</summary>
        internal void Next(ref TermOutput output)
        {
            if (_elements is not null && Count > 0)
                _elements[Count - 1] = output._value;
            Count++;
        }

        /// <summary>Closes the list.</summary>
        internal void End(ref TermOutput output)
        {
            if (_elements is null)
            {
                output._writer.WriteNil();
            }
            else
            {
                Next(ref output);
                output._value = _elements.Length == 0 ? Term.Nil : new Term(_elements, Term.Shape.List);
            }
            output.Leave();
        }

        /// <inheritdoc cref="TupleWriter.Locate"/>
        internal readonly bool Locate(TermSerializationException exception) =>
            Count > 0 && exception.Under($"[{Count - 1}]");
    }
}
