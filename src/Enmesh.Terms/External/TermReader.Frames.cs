using System.Runtime.CompilerServices;

namespace Enmesh.Terms.External;

public ref partial struct TermReader
{
    private enum ReadKind
    {
        Tuple, // Term[]
        List, // Term[]
        Map, // Term[]: key, value, key, value
        ListInRuns, // ListRuns
        Fun, // FunTerm
        Record, // RecordTerm
    }

    /// <summary>A term whose inner terms are being read.</summary>
    private readonly struct ReadFrame
    {
        private readonly long _indexAndKind;

        internal ReadFrame(object container, ReadKind kind)
            : this(container, (long)kind)
        {
        }

        private ReadFrame(object container, long indexAndKind)
        {
            Container = container;
            _indexAndKind = indexAndKind;
        }

        internal object Container { get; }

        internal ReadKind Kind => (ReadKind)(byte)_indexAndKind;

        /// <summary>Which of the terms is being read, in a frame that waits for one.</summary>
        internal int Index => (int)(_indexAndKind >> 8);

        internal Term[] Terms
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Kind <= ReadKind.Map ? Unsafe.As<Term[]>(Container) : TermsOf(Container, Kind);
        }

        internal static ReadFrame FromLink(Term link) => new(link.Object!, link.Bits);

        internal Term ToLink() => new((object?)Container, _indexAndKind);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static Term[] TermsOf(object container, ReadKind kind) => kind switch
        {
            ReadKind.ListInRuns => Unsafe.As<ListRuns>(container).Last,
            ReadKind.Fun => Unsafe.As<FunTerm>(container).FreeVariableArray,
            _ => Unsafe.As<RecordTerm>(container).Values,
        };

        internal ReadFrame At(int index) => new(Container, ((long)index << 8) | (byte)_indexAndKind);
    }

    /// <summary>A list that came in several pieces.</summary>
    private sealed class ListRuns(Term[] first)
    {
        private readonly List<Term[]> _runs = [first];

        internal bool IsImproper { get; set; }

        internal Term[] Last => _runs[^1];

        internal void Add(Term[] run) => _runs.Add(run);

        internal void Add(ReadOnlySpan<byte> bytes)
        {
            var run = new Term[bytes.Length];
            for (var i = 0; i < run.Length; i++)
                run[i] = (int)bytes[i];
            Add(run);
        }

        internal Term ToTerm()
        {
            var all = _runs.Count == 1 ? Last : new Term[_runs.Sum(run => run.Length)];
            var at = 0;
            foreach (var run in _runs)
            {
                run.CopyTo(all, at);
                at += run.Length;
            }
            return new(all, IsImproper ? Term.Shape.ImproperList : Term.Shape.List);
        }
    }
}
