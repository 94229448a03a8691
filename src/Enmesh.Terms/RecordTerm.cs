using Enmesh.Terms.Order;

namespace Enmesh.Terms;

/// <summary>A native record of OTP 29: <c>#module:name{field = value}</c>.</summary>
public sealed class RecordTerm : IEquatable<RecordTerm>
{
    private readonly Atom[] _names;
    private readonly Term[] _values;
    private KeyValuePair<Atom, Term>[]? _fields;

    /// <summary>Makes a record.</summary>
    /// <exception cref="ArgumentException">A field stands twice.</exception>
    public RecordTerm(Atom module, Atom name, bool isExported, params IReadOnlyList<KeyValuePair<Atom, Term>> fields)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(fields);
        (Module, Name, IsExported) = (module, name, isExported);
        _names = [.. fields.Select(field => field.Key)];
        _values = [.. fields.Select(field => field.Value)];
        if (HasRepeated(_names))
            throw new ArgumentException("A field stands twice.", nameof(fields));
    }

    internal RecordTerm(Atom module, Atom name, bool isExported, Atom[] names, Term[] values)
    {
        (Module, Name, IsExported, _names, _values) = (module, name, isExported, names, values);
    }

    /// <summary>The module that defines the record.</summary>
    public Atom Module { get; }

    /// <summary>The record's name.</summary>
    public Atom Name { get; }

    /// <summary>Whether the module exports it.</summary>
    public bool IsExported { get; }

    /// <summary>The fields, in the order of the definition.</summary>
    public IReadOnlyList<KeyValuePair<Atom, Term>> Fields =>
        _fields ??= [.. _names.Zip(_values, KeyValuePair.Create)];

    internal ReadOnlySpan<Atom> FieldNames => _names;

    internal Term[] Values => _values;

    /// <summary>Looks a field up.</summary>
    public bool TryGetValue(Atom field, out Term value)
    {
        var index = Array.IndexOf(_names, field);
        value = index < 0 ? default : _values[index];
        return index >= 0;
    }

    /// <summary>Exact equality, as <c>=:=</c>.</summary>
    public bool Equals(RecordTerm? other) => other is not null && ExactEquality.AreEqual(this, other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RecordTerm);

    /// <inheritdoc/>
    public override int GetHashCode() => ExactEquality.Hash(this);

    /// <summary>The same as <see cref="Term.ToString"/>.</summary>
    public override string ToString() => ((Term)this).ToString();

    internal static bool HasRepeated(Atom[] names)
    {
        // Sorted, not hashed: a peer chooses the names.
        var sorted = names.AsSpan().ToArray();
        sorted.AsSpan().Sort();
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i - 1] == sorted[i])
                return true;
        }
        return false;
    }

    /// <summary>The same record with other values.</summary>
    internal RecordTerm With(Term[] values) => new(Module, Name, IsExported, _names, values);

    /// <summary>Whether the two have the same definition, whatever their values.</summary>
    internal bool IsSameDefinition(RecordTerm other) => Module == other.Module && Name == other.Name
        && IsExported == other.IsExported && _names.AsSpan().SequenceEqual(other._names);
}
