using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace Enmesh.Terms;

/// <summary>A view of a list term, <c>[]</c> included.</summary>
/// <remarks>
/// A list is an array behind; indexing costs the same everywhere, and a proper list of bytes stays bytes.
/// </remarks>
public readonly struct ListTerm : IReadOnlyList<Term>
{
    internal ListTerm(Term term) => Term = term;

    /// <summary>The list as a term.</summary>
    public Term Term { get; }

    /// <summary>The number of elements, an improper tail not counted.</summary>
    public int Count => Term.ShapeOf switch
    {
        Term.Shape.Nil => 0,
        Term.Shape.ByteList => Unsafe.As<byte[]>(Term.Object!).Length,
        Term.Shape.List => Unsafe.As<Term[]>(Term.Object!).Length,
        _ => Unsafe.As<Term[]>(Term.Object!).Length - 1,
    };

    /// <summary>What the list ends in: <c>[]</c> for a proper one.</summary>
    public Term Tail => Term.ShapeOf == Term.Shape.ImproperList ? Unsafe.As<Term[]>(Term.Object!)[^1] : default;

    /// <summary>Whether the list ends in <c>[]</c>.</summary>
    public bool IsProper => Term.ShapeOf != Term.Shape.ImproperList;

    /// <summary>One element, counted from 0.</summary>
    public Term this[int index] => Term.ShapeOf switch
    {
        Term.Shape.Nil => throw new ArgumentOutOfRangeException(nameof(index)),
        Term.Shape.ByteList => (int)Unsafe.As<byte[]>(Term.Object!)[index],
        Term.Shape.List => Unsafe.As<Term[]>(Term.Object!)[index],
        _ => Unsafe.As<Term[]>(Term.Object!).AsSpan()[..^1][index],
    };

    /// <summary>The list's bytes when it is kept as bytes; only then.</summary>
    internal bool TryGetBytes(out ReadOnlySpan<byte> bytes)
    {
        bytes = Term.ShapeOf == Term.Shape.ByteList ? Unsafe.As<byte[]>(Term.Object) : default;
        return Term.ShapeOf is Term.Shape.ByteList or Term.Shape.Nil;
    }

    /// <summary>Reads a charlist.</summary>
    /// <returns>False when the list is improper or an element is no Unicode code point.</returns>
    public bool TryGetText([NotNullWhen(true)] out string? text)
    {
        text = null;
        if (!IsProper)
            return false;
        var builder = new StringBuilder(Count);
        for (var i = 0; i < Count; i++)
        {
            if (this[i].Int32 is not { } point || !Rune.IsValid(point))
                return false;
            builder.Append(new Rune(point).ToString());
        }
        text = builder.ToString();
        return true;
    }

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();

    /// <summary>Goes through the elements, an improper tail not included.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<Term> IEnumerable<Term>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static Term FromText(string text)
    {
        var latin1 = true;
        var count = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            latin1 &= rune.Value <= 255;
            count++;
        }
        if (count == 0)
            return Term.Nil;
        var at = 0;
        if (latin1)
        {
            var bytes = new byte[count];
            foreach (var rune in text.EnumerateRunes())
                bytes[at++] = (byte)rune.Value;
            return new(bytes, Term.Shape.ByteList);
        }
        var points = new Term[count];
        foreach (var rune in text.EnumerateRunes())
            points[at++] = rune.Value;
        return new(points, Term.Shape.List);
    }

    internal static Term Prepend(ReadOnlySpan<Term> elements, Term tail)
    {
        if (elements.IsEmpty)
            return tail;
        if (tail.IsNil)
            return Term.List(elements);
        if (tail.AsList is not { } list)
            return new((Term[])[.. elements, tail], Term.Shape.ImproperList);
        var all = new Term[elements.Length + list.Count + (list.IsProper ? 0 : 1)];
        elements.CopyTo(all);
        for (var i = 0; i < list.Count; i++)
            all[elements.Length + i] = list[i];
        if (list.IsProper)
            return new(all, Term.Shape.List);
        all[^1] = list.Tail;
        return new(all, Term.Shape.ImproperList);
    }

    /// <summary>Goes through a list.</summary>
    public struct Enumerator : IEnumerator<Term>
    {
        private readonly ListTerm _list;
        private readonly int _count;
        private int _index;

        internal Enumerator(ListTerm list)
        {
            _list = list;
            _count = list.Count;
            _index = -1;
        }

        /// <inheritdoc/>
        public readonly Term Current => _list[_index];

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext() => ++_index < _count;

        /// <inheritdoc/>
        public void Reset() => _index = -1;

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
