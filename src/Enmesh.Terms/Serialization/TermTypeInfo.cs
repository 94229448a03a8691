using System.Runtime.CompilerServices;

namespace Enmesh.Terms.Serialization;

/// <summary>What the serializer knows about one type.</summary>
public abstract class TermTypeInfo
{
    private protected TermTypeInfo()
    {
    }

    /// <summary>The C# type.</summary>
    public abstract Type Type { get; }
}

/// <summary>Writes and reads values of one type. Immutable, and safe for use by several threads.</summary>
/// <remarks>
/// A <see cref="TermSerializerContext"/> has those of your types, <see cref="TermTypeInfos"/> those of simple types and
/// collections. To make one by hand derive from <see cref="TermConverter{T}"/>.
/// </remarks>
/// <typeparam name="T">The type.</typeparam>
public abstract class TermTypeInfo<T> : TermTypeInfo
{
    /// <inheritdoc/>
    public sealed override Type Type => typeof(T);

    /// <summary>
    /// Whether values that differ are always written as terms that differ, as the keys of a map must.
    /// </summary>
    internal virtual bool IsInjective => false;

    /// <summary>Writes a value.</summary>
    /// <exception cref="TermSerializationException">The value has no term.</exception>
    public abstract void Write(ref TermOutput output, T value);

    /// <summary>Reads the next value.</summary>
    /// <exception cref="TermSerializationException">The term is not of this type.</exception>
    public abstract T Read(ref TermInput input);

    // Instance methods, as each call of a server goes through both: code that is shared by several types finds what it
    // needs of T in the object, and need not look it up.

    /// <inheritdoc cref="TermSerializer.ToTerm{T}(T, TermTypeInfo{T})"/>
    internal virtual Term TermOf(T value)
    {
        var output = TermOutput.ToTerm();
        Write(ref output, value);
        return output.Value;
    }

    /// <inheritdoc cref="TermSerializer.FromTerm{T}(Term, TermTypeInfo{T})"/>
    internal virtual T ValueOf(Term term)
    {
        var input = new TermInput(term);
        return Read(ref input);
    }
}

/// <summary>A type's form as a term, written by hand. Name it in a <see cref="TermConverterAttribute"/>.</summary>
/// <remarks>
/// To say that a term is not of this type throw a <see cref="TermSerializationException"/>; a <see
/// cref="FormatException"/>,
/// <see cref="ArgumentException"/>, <see cref="OverflowException"/> or <see cref="InvalidCastException"/> becomes one.
/// </remarks>
/// <typeparam name="T">The type.</typeparam>
public abstract class TermConverter<T> : TermTypeInfo<T>
{
    /// <summary>The value as a term.</summary>
    public abstract Term ToTerm(T value);

    /// <summary>The value that a term stands for.</summary>
    public abstract T FromTerm(Term term);

    /// <inheritdoc/>
    public sealed override void Write(ref TermOutput output, T value)
    {
        CheckStack();
        Term term;
        try
        {
            term = ToTerm(value);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw TermSerializationException.Refused(typeof(T), e);
        }
        output.WriteTerm(term);
    }

    /// <inheritdoc/>
    public sealed override T Read(ref TermInput input)
    {
        CheckStack();
        var term = input.ReadTerm();
        try
        {
            return FromTerm(term);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw TermSerializationException.Refused(typeof(T), e);
        }
    }

    // A converter may call the serializer for what is within its own value, where counting begins anew.
    private static void CheckStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TermSerializer.TooDeep();
    }

    // What parsing and range checks throw: the peer's value is at fault, so the place in it belongs in the message.
    private static bool IsRefusal(Exception e) =>
        e is FormatException or ArgumentException or OverflowException or InvalidCastException;
}
