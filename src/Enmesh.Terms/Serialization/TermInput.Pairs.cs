namespace Enmesh.Terms.Serialization;

public ref partial struct TermInput
{
    /// <summary>Opens a map whose keys are values.</summary>
    internal PairReader ReadPairs()
    {
        Enter();
        if (Peek() != TermKind.Map)
            throw Unexpected("a map");
        return _isTerm ? new PairReader(_value) : new PairReader(_reader.Position, _reader.ReadMapHeader());
    }

    /// <summary>An input for a part of a value that was read as a term, just as deep.</summary>
    internal readonly TermInput Within(Term part) => new(part) { _depth = _depth + 1 };

    /// <summary>Goes through the pairs of a map.</summary>
    internal struct PairReader
    {
        private readonly Term _whole;
        private readonly int _start = -1; // where the map begins, when it comes as bytes
        private readonly int _count;
        private int _at; // 2 * pairs, + 1 after a key

        internal PairReader(Term whole)
        {
            _whole = whole;
            _count = whole.AsMap!.Count;
        }

        internal PairReader(int start, int count)
        {
            _start = start;
            _count = count;
        }

        /// <summary>How many pairs to make room for at first; each that is announced has at least two bytes.</summary>
        internal readonly int Capacity => Math.Min(_count, 1024);

        /// <summary>Brings the input to the next key.</summary>
        internal bool NextKey(ref TermInput input)
        {
            if (_at == 2 * _count)
            {
                input.Leave();
                return false;
            }
            Next(ref input);
            return true;
        }

        /// <summary>Reads the key.</summary>
        internal readonly TKey ReadKey<TKey>(ref TermInput input, TermTypeInfo<TKey> info)
        {
            try
            {
                return info.Read(ref input);
            }
            catch (TermSerializationException e) when (e.Under($".key({_at / 2})"))
            {
                throw;
            }
        }

        /// <summary>Brings the input to the value of the key.</summary>
        internal void NextValue(ref TermInput input) => Next(ref input);

        /// <summary>Different terms, which are the same key in C#.</summary>
        internal readonly TermSerializationException Repeated(ref TermInput input) =>
            new($"two keys are the same in C#, in {Describe(input.At(_start, _whole))}");

        private void Next(ref TermInput input)
        {
            if (_start < 0)
                input._value = _whole.AsMap!.Pairs[_at];
            _at++;
        }
    }
}
