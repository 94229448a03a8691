namespace Enmesh.Terms.Serialization;

internal sealed class TermInfo : TermTypeInfo<Term>
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, Term value) => output.WriteTerm(value);

    public override Term Read(ref TermInput input) => input.ReadTerm();
}

internal sealed class AtomInfo : TermTypeInfo<Atom>
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, Atom value) =>
        output.WriteAtom(value ?? throw TermOutput.Null("Atom"));

    public override Atom Read(ref TermInput input) =>
        input.TryReadAtom(out var atom) ? atom : throw input.Unexpected("an atom");
}

/// <summary>A class of Enmesh.Terms that stands for itself.</summary>
internal sealed class PassingInfo<T>(string expected, Func<Term, T?> fromTerm, Func<T, Term> toTerm) : TermTypeInfo<T>
    where T : class
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, T value) =>
        output.WriteTerm(toTerm(value ?? throw TermOutput.Null(typeof(T).Name)));

    public override T Read(ref TermInput input)
    {
        var term = input.ReadTerm();
        return fromTerm(term) ?? throw TermInput.Unexpected(expected, term);
    }
}

/// <summary>A struct of Enmesh.Terms that stands for itself.</summary>
internal sealed class PassingValueInfo<T>(string expected, Func<Term, T?> fromTerm, Func<T, Term> toTerm)
    : TermTypeInfo<T>
    where T : struct
{
    internal override bool IsInjective => true;

    public override void Write(ref TermOutput output, T value) => output.WriteTerm(toTerm(value));

    public override T Read(ref TermInput input)
    {
        var term = input.ReadTerm();
        return fromTerm(term) ?? throw TermInput.Unexpected(expected, term);
    }
}

internal sealed class NullableInfo<T>(TermTypeInfo<T> inner, Atom nullAtom) : TermTypeInfo<T?>
    where T : struct
{
    public override void Write(ref TermOutput output, T? value)
    {
        if (value is { } some)
            inner.Write(ref output, some);
        else
            output.WriteAtom(nullAtom);
    }

    public override T? Read(ref TermInput input) => input.TryReadNull() ? null : inner.Read(ref input);
}

internal sealed class NullableReferenceInfo<T>(TermTypeInfo<T> inner, Atom nullAtom) : TermTypeInfo<T?>
    where T : class
{
    public override void Write(ref TermOutput output, T? value)
    {
        if (value is not null)
            inner.Write(ref output, value);
        else
            output.WriteAtom(nullAtom);
    }

    public override T? Read(ref TermInput input) => input.TryReadNull() ? null : inner.Read(ref input);
}
