using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Enmesh.Terms.Serialization;

/// <summary>What lists of all kinds share.</summary>
internal static class Elements
{
    internal static void Write<T>(ref TermOutput output, ReadOnlySpan<T> values, TermTypeInfo<T> element)
    {
        var list = output.WriteList(values.Length);
        try
        {
            foreach (var value in values)
            {
                list.Next(ref output);
                element.Write(ref output, value);
            }
        }
        catch (TermSerializationException e) when (list.Locate(e))
        {
            throw;
        }
        list.End(ref output);
    }

    /// <summary>Writes any collection: the usual ones as spans, others by their enumerator.</summary>
    internal static void Write<TCollection, T>(ref TermOutput output, TCollection values, TermTypeInfo<T> element)
        where TCollection : IEnumerable<T>
    {
        switch (values)
        {
            case null:
                throw TermOutput.Null(typeof(TCollection).Name);
            case T[] array:
                Write(ref output, array.AsSpan(), element);
                break;
            case List<T> list:
                Write(ref output, CollectionsMarshal.AsSpan(list), element);
                break;
            case ImmutableArray<T> immutable:
                Write(ref output, immutable.AsSpan(), element);
                break;
            default:
                WriteEnumerated(ref output, values, element);
                break;
        }
    }

    internal static List<T> Read<T>(ref TermInput input, TermTypeInfo<T> element)
    {
        var list = input.ReadList();
        var values = new List<T>(list.Capacity);
        try
        {
            while (list.Next(ref input))
                values.Add(element.Read(ref input));
        }
        catch (TermSerializationException e) when (list.Locate(e))
        {
            throw;
        }
        return values;
    }

    /// <summary>How many elements there are, counted without keeping them where that is possible.</summary>
    internal static IEnumerable<T> Counted<T>(IEnumerable<T> values, out int count)
    {
        if (values.TryGetNonEnumeratedCount(out count))
            return values;
        var list = values.ToList();
        count = list.Count;
        return list;
    }

    private static void WriteEnumerated<T>(ref TermOutput output, IEnumerable<T> values, TermTypeInfo<T> element)
    {
        values = Counted(values, out var count);
        var list = output.WriteList(count);
        try
        {
            foreach (var value in values)
            {
                if (list.Count == count)
                    throw Changed();
                list.Next(ref output);
                element.Write(ref output, value);
            }
        }
        catch (TermSerializationException e) when (list.Locate(e))
        {
            throw;
        }
        if (list.Count < count)
            throw Changed();
        list.End(ref output);
    }

    internal static InvalidOperationException Changed() => new("The collection changed while it was written.");
}

internal sealed class ArrayInfo<T>(TermTypeInfo<T> element) : TermTypeInfo<T[]>
{
    public override void Write(ref TermOutput output, T[] value) =>
        Elements.Write(ref output, (value ?? throw TermOutput.Null($"{typeof(T).Name}[]")).AsSpan(), element);

    public override T[] Read(ref TermInput input) => Elements.Read(ref input, element).ToArray();
}

internal sealed class ListInfo<T>(TermTypeInfo<T> element) : TermTypeInfo<List<T>>
{
    public override void Write(ref TermOutput output, List<T> value) => Elements.Write<T>(
        ref output, CollectionsMarshal.AsSpan(value ?? throw TermOutput.Null($"List<{typeof(T).Name}>")), element);

    public override List<T> Read(ref TermInput input) => Elements.Read(ref input, element);
}

internal sealed class CollectionInfo<TCollection, T>(TermTypeInfo<T> element, Func<T[], TCollection> make)
    : TermTypeInfo<TCollection>
    where TCollection : IEnumerable<T>
{
    public override void Write(ref TermOutput output, TCollection value) => Elements.Write(ref output, value, element);

    public override TCollection Read(ref TermInput input) => make(Elements.Read(ref input, element).ToArray());
}

/// <summary>A set: a list, or one of the two maps <c>#{Element => []}</c> that sets are on the BEAM.</summary>
internal sealed class SetInfo<TSet, T>(TermTypeInfo<T> element, Func<T[], TSet> make, TermFormat? format)
    : TermTypeInfo<TSet>
    where TSet : IEnumerable<T>
{
    private const string Expected = "a set: a list, #{Element => []} or %MapSet{}";
    private static readonly TermShape MapSet = TermShape.ForMap(
        "a set", "Elixir.MapSet", MapKeys.Atom, UnknownKeys.Ignore, ["map"], [true]);

    public override void Write(ref TermOutput output, TSet value)
    {
        if (value is null)
            throw TermOutput.Null(typeof(TSet).Name);
        if (format is null)
        {
            Elements.Write(ref output, value, element);
            return;
        }
        if (format == TermFormat.ErlangSet)
        {
            WriteMap(ref output, value);
            return;
        }
        var map = output.WriteMap(MapSet, 1);
        map.Next(ref output, 0);
        WriteMap(ref output, value);
        map.End(ref output);
    }

    public override TSet Read(ref TermInput input)
    {
        if (input.Peek() is TermKind.List or TermKind.Nil)
            return make(Elements.Read(ref input, element).ToArray());
        if (input.Peek() != TermKind.Map)
            throw input.Unexpected(Expected);
        // Sets sent as maps are rare; a term of the whole tells the two apart.
        var whole = input.ReadTerm();
        var map = whole.AsMap!;
        if (map.TryGetValue(ElixirStruct.Key, out var module))
        {
            if (!module.IsAtom(MapSet.Module!) || !map.TryGetValue(MapSet.AtomKeys[0], out var inner)
                || inner.AsMap is not { } elements)
            {
                throw TermInput.Unexpected(Expected, whole);
            }
            map = elements;
        }
        return make(ReadKeys(map, input));
    }

    private T[] ReadKeys(MapTerm map, TermInput outer)
    {
        var values = new T[map.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var input = outer.Within(map.Pairs[2 * i]);
            values[i] = element.Read(ref input);
        }
        return values;
    }

    private void WriteMap(ref TermOutput output, TSet value)
    {
        var elements = Elements.Counted(value, out var count);
        var map = output.WritePairs(count);
        foreach (var one in elements)
        {
            map.NextKey(ref output);
            map.WriteKey(ref output, one, element);
            map.NextValue(ref output);
            output.WriteTerm(Term.Nil);
        }
        map.End(ref output);
    }
}
