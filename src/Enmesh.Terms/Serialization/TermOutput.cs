using System.ComponentModel;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using Enmesh.Terms.External;

namespace Enmesh.Terms.Serialization;

/// <summary>
/// What a <see cref="TermTypeInfo{T}"/> writes to: bytes of the external term format, or a <see cref="Term"/>.
/// </summary>
/// <remarks>Forward only. Its other members are for generated code and for the type infos of this library.</remarks>
public ref partial struct TermOutput
{
    private readonly bool _isTerm;
    private TermWriter _writer;
    private Term _value; // the last value, when it goes into a term
    private int _depth;

    internal TermOutput(TermWriter writer) => _writer = writer;

    private TermOutput(bool isTerm) => _isTerm = isTerm;

    /// <summary>Where the writer stands now.</summary>
    internal readonly TermWriter Writer => _writer;

    /// <summary>The term that was written.</summary>
    internal readonly Term Value => _value;

    /// <summary>An output that makes a term.</summary>
    internal static TermOutput ToTerm() => new(isTerm: true);

    /// <summary>Writes a term as it is.</summary>
    public void WriteTerm(Term term)
    {
        if (_isTerm)
            _value = term;
        else
            _writer.WriteTerm(term);
    }

    internal void WriteInteger(long value)
    {
        if (_isTerm)
            _value = value;
        else
            _writer.WriteInteger(value);
    }

    internal void WriteInteger(BigInteger value)
    {
        if (_isTerm)
            _value = value;
        else
            _writer.WriteInteger(value);
    }

    internal void WriteFloat(double value)
    {
        if (!double.IsFinite(value))
            throw NotFinite(value);
        if (_isTerm)
            _value = value;
        else
            _writer.WriteFloat(value);
    }

    internal void WriteAtom(Atom atom)
    {
        if (_isTerm)
            _value = atom;
        else
            _writer.WriteAtom(atom);
    }

    internal void WriteString(scoped ReadOnlySpan<char> text)
    {
        if (!_isTerm)
        {
            _writer.WriteString(text);
            return;
        }
        var bytes = new byte[System.Text.Encoding.UTF8.GetByteCount(text)];
        System.Text.Encoding.UTF8.GetBytes(text, bytes);
        _value = new Term(bytes, Term.Shape.Binary);
    }

    internal void WriteCharList(string text)
    {
        if (_isTerm)
            _value = Term.CharList(text);
        else
            _writer.WriteCharList(text);
    }

    internal void WriteBinary(scoped ReadOnlySpan<byte> bytes)
    {
        if (_isTerm)
            _value = Term.Binary(bytes);
        else
            _writer.WriteBinary(bytes);
    }

    /// <summary>The exception for a value of a union that none of its cases is.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static TermSerializationException NotACase(object? value, TermCases cases)
    {
        ArgumentNullException.ThrowIfNull(cases);
        return value is null ? Null(cases.TypeName) : new($"{value.GetType().Name} is no case of {cases.TypeName}");
    }

    /// <summary>The exception for a null where the type does not allow one.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static TermSerializationException Null(TermShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return Null(shape.TypeName);
    }

    /// <inheritdoc cref="Null(TermShape)"/>
    internal static TermSerializationException Null(string typeName) =>
        new($"the value is null; declare it {typeName}? if that is meant");

    private static TermSerializationException NotFinite(double value) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{value} has no term: an Erlang float is finite"));

    /// <summary>Counts one more level of nesting.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Enter()
    {
        if (++_depth > TermSerializer.MaxDepth)
            throw TermSerializer.TooDeep();
    }

    internal void Leave() => _depth--;
}
