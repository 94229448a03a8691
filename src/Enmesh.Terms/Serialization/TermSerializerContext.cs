namespace Enmesh.Terms.Serialization;

/// <summary>Base of the partial classes that the source generator fills with type infos.</summary>
/// <example><code>
/// [TermSerializable(typeof(Order))]
/// internal sealed partial class ShopTerms : TermSerializerContext;
///
/// var term = TermSerializer.ToTerm(order, ShopTerms.Default.Order);
/// </code></example>
public abstract class TermSerializerContext
{
    /// <summary>The type info of a type the context names, or null.</summary>
    public abstract TermTypeInfo? GetTypeInfo(Type type);

    /// <summary>The type info of a type the context names.</summary>
    /// <exception cref="InvalidOperationException">The context does not name it.</exception>
    public TermTypeInfo<T> GetTypeInfo<T>() =>
        (TermTypeInfo<T>?)GetTypeInfo(typeof(T)) ?? throw new InvalidOperationException(
            $"{GetType().Name} has no type info for {typeof(T)}. Add [TermSerializable(typeof({typeof(T).Name}))] to it.");
}
