using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// The parts of the managed heap in the form in which a BEAM lists its allocators
/// (<c>erlang:system_info({allocator_sizes, Alloc})</c>), for the page Memory Allocators of <c>observer</c>.
/// </summary>
internal static class HeapAllocators
{
    // In the order of GCMemoryInfo.GenerationInfo.
    private static readonly string[] Names = ["gen0", "gen1", "gen2", "large_object_heap", "pinned_object_heap"];

    /// <summary><c>[{Name, [{instance, 0, Carriers}]}]</c></summary>
    internal static Term ToTerm()
    {
        var generations = GC.GetGCMemoryInfo().GenerationInfo;
        var allocators = new List<Term>();
        // What was made since the last collection is in the youngest, and nowhere told.
        var young = GC.GetTotalMemory(forceFullCollection: false);
        for (var i = 1; i < generations.Length; i++)
            young -= generations[i].SizeAfterBytes - generations[i].FragmentationAfterBytes;
        for (var i = 0; i < Names.Length && i < generations.Length; i++)
        {
            var size = generations[i].SizeAfterBytes;
            var used = i == 0 ? Math.Max(young, 0) : size - generations[i].FragmentationAfterBytes;
            allocators.Add(Allocator(Names[i], used, Math.Max(used, size)));
        }
        return Term.List([.. allocators]);
    }

    // {Name, [{instance, 0, [{mbcs, [{blocks, [{Name, [{size, Now, Last, Max}]}]}, {carriers_size, Now, Last, Max}]}, {sbcs, ...}]}]}
    private static Term Allocator(string name, long used, long size)
    {
        var atom = Arguments.Atom(name);
        // Before the first collection nothing is known; observer divides by the size all the same.
        var carriers = Math.Max(size, 1);
        var blocks = Term.List(Term.Tuple(atom, Term.List(Term.Tuple(Arguments.Atom("size"), used, used, used))));
        return Term.Tuple(atom, Term.List(Term.Tuple(
            Arguments.Atom("instance"), 0, Term.List(Carriers("mbcs", blocks, carriers), Carriers("sbcs", Term.Nil, 0)))));
    }

    private static Term Carriers(string kind, Term blocks, long size) => Arguments.Pair(kind, Term.List(
        Arguments.Pair("blocks", blocks), Term.Tuple(Arguments.Atom("carriers_size"), size, size, size)));
}
