namespace Enmesh.Terms;

/// <summary>A native record of OTP 29: <c>#module:name{field = value}</c>.</summary>
public sealed class RecordTerm
{
    /// <summary>Makes a record.</summary>
    public RecordTerm(Atom module, Atom name, bool isExported, IReadOnlyList<KeyValuePair<Atom, Term>> fields)
    {
        (Module, Name, IsExported, Fields) = (module, name, isExported, fields);
    }

    /// <summary>The module that defines the record.</summary>
    public Atom Module { get; }

    /// <summary>The record's name.</summary>
    public Atom Name { get; }

    /// <summary>Whether the module exports it.</summary>
    public bool IsExported { get; }

    /// <summary>The fields, in the order of the definition.</summary>
    public IReadOnlyList<KeyValuePair<Atom, Term>> Fields { get; }
}
