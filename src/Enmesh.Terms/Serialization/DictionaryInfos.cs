namespace Enmesh.Terms.Serialization;

internal sealed class DictionaryInfo<TDictionary, TKey, TValue>(
    TermTypeInfo<TKey> key, TermTypeInfo<TValue> value, Func<Dictionary<TKey, TValue>, TDictionary> make)
    : TermTypeInfo<TDictionary>
    where TDictionary : IEnumerable<KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    public override void Write(ref TermOutput output, TDictionary dictionary)
    {
        if (dictionary is null)
            throw TermOutput.Null(typeof(TDictionary).Name);
        if (dictionary is Dictionary<TKey, TValue> usual)
        {
            // By its own enumerator, which is a struct.
            var map = output.WritePairs(usual.Count);
            foreach (var (k, v) in usual)
                WritePair(ref output, ref map, k, v);
            map.End(ref output);
            return;
        }
        var pairs = Elements.Counted(dictionary, out var count);
        var others = output.WritePairs(count);
        foreach (var (k, v) in pairs)
            WritePair(ref output, ref others, k, v);
        others.End(ref output);
    }

    public override TDictionary Read(ref TermInput input)
    {
        var pairs = input.ReadPairs();
        var values = new Dictionary<TKey, TValue>(pairs.Capacity);
        while (pairs.NextKey(ref input))
        {
            var k = pairs.ReadKey(ref input, key);
            var isNew = values.TryAdd(k, default!);
            pairs.NextValue(ref input);
            if (!isNew)
                throw pairs.Repeated(ref input);
            try
            {
                values[k] = value.Read(ref input);
            }
            catch (TermSerializationException e) when (PairPath.Locate(e, k))
            {
                throw;
            }
        }
        return make(values);
    }

    private void WritePair(ref TermOutput output, ref TermOutput.PairWriter map, TKey k, TValue v)
    {
        map.NextKey(ref output);
        map.WriteKey(ref output, k, key);
        map.NextValue(ref output);
        try
        {
            value.Write(ref output, v);
        }
        catch (TermSerializationException e) when (PairPath.Locate(e, k))
        {
            throw;
        }
    }
}

internal sealed class ProplistInfo<TDictionary, TKey, TValue>(
    TermTypeInfo<TKey> key, TermTypeInfo<TValue> value, Func<Dictionary<TKey, TValue>, TDictionary> make)
    : TermTypeInfo<TDictionary>
    where TDictionary : IEnumerable<KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    private const string Expected = "a property list";
    private static readonly TermShape Pair = TermShape.ForTuple("a property", null, "key", "value");

    public override void Write(ref TermOutput output, TDictionary dictionary)
    {
        if (dictionary is null)
            throw TermOutput.Null(typeof(TDictionary).Name);
        var pairs = Elements.Counted(dictionary, out var count);
        var list = output.WriteList(count);
        foreach (var (k, v) in pairs)
        {
            if (list.Count == count)
                throw Elements.Changed();
            list.Next(ref output);
            WritePair(ref output, k, v);
        }
        if (list.Count < count)
            throw Elements.Changed();
        list.End(ref output);
    }

    public override TDictionary Read(ref TermInput input)
    {
        var list = input.ReadList(Expected);
        var values = new Dictionary<TKey, TValue>(list.Capacity);
        try
        {
            while (list.Next(ref input))
            {
                var property = input.OpenProperty();
                var k = key.Read(ref input);
                input.ToValue(property);
                // Of equal keys the first counts, as for proplists:get_value/2.
                values.TryAdd(k, value.Read(ref input));
                input.EndValue();
            }
        }
        catch (TermSerializationException e) when (list.Locate(e))
        {
            throw;
        }
        return make(values);
    }

    private void WritePair(ref TermOutput output, TKey k, TValue v)
    {
        var tuple = output.WriteTuple(Pair);
        try
        {
            tuple.Next(ref output);
            key.Write(ref output, k);
            tuple.Next(ref output);
            value.Write(ref output, v);
            tuple.End(ref output);
        }
        catch (TermSerializationException e) when (PairPath.Locate(e, k))
        {
            throw;
        }
    }
}

internal static class PairPath
{
    private const int MaxShown = 40;

    /// <summary>Says in the exception under which key it was. Always false.</summary>
    internal static bool Locate<TKey>(TermSerializationException exception, TKey key)
    {
        var text = key?.ToString() ?? "";
        return exception.Under($"[{(text.Length > MaxShown ? text[..MaxShown] + "..." : text)}]");
    }
}
