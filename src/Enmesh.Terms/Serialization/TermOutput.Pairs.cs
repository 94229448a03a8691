namespace Enmesh.Terms.Serialization;

public ref partial struct TermOutput
{
    /// <summary>Opens a map of so many pairs.</summary>
    internal PairWriter WritePairs(int count)
    {
        Enter();
        if (_isTerm)
            return new PairWriter(new Term[2 * count], count);
        _writer.WriteMapHeader(count);
        return new PairWriter(null, count);
    }

    /// <summary>Writes the pairs of a map whose keys are values.</summary>
    internal struct PairWriter
    {
        private readonly Term[]? _pairs; // null when they go into bytes
        private readonly int _count;
        private HashSet<Term>? _keys;
        private int _at;

        internal PairWriter(Term[]? pairs, int count)
        {
            _pairs = pairs;
            _count = count;
        }

        /// <summary>Goes on to the next key.</summary>
        internal void NextKey(ref TermOutput output)
        {
            if (_at == 2 * _count)
                throw Elements.Changed();
            Keep(ref output);
            _at++;
        }

        /// <summary>Writes the key. Different values may be the same term, which would be no map.</summary>
        internal void WriteKey<TKey>(ref TermOutput output, TKey key, TermTypeInfo<TKey> info)
        {
            info.Write(ref output, key);
            // Into a term they are compared at the end.
            if (output._isTerm || info.IsInjective || _count == 1)
                return;
            _keys ??= [];
            if (!_keys.Add(TermSerializer.ToTerm(key, info)))
                throw SameKey(TermSerializer.ToTerm(key, info));
        }

        /// <summary>Goes on to the value of the key.</summary>
        internal void NextValue(ref TermOutput output)
        {
            Keep(ref output);
            _at++;
        }

        /// <summary>Closes the map.</summary>
        internal void End(ref TermOutput output)
        {
            if (_at < 2 * _count)
                throw Elements.Changed();
            if (_pairs is not null)
            {
                Keep(ref output);
                output._value = Map(_pairs);
            }
            output.Leave();
        }

        private readonly void Keep(ref TermOutput output)
        {
            if (_pairs is not null && _at > 0)
                _pairs[_at - 1] = output._value;
        }
    }

    private static TermSerializationException SameKey(Term key) =>
        new($"two keys are the same term, {TermInput.Print(key)}");

    /// <summary>A map of pairs that were made for it.</summary>
    private static Term Map(Term[] pairs)
    {
        if (pairs.Length == 0)
            return MapTerm.Empty;
        var map = new MapTerm(pairs);
        if (map.Seal())
            return map;
        var seen = new HashSet<Term>();
        for (var i = 0; ; i += 2)
        {
            if (!seen.Add(pairs[i]))
                throw SameKey(pairs[i]);
        }
    }
}
