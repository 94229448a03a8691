using Enmesh.Terms;

namespace Enmesh.Global;

/// <summary>An attempt to become one partition with a node that has just connected.</summary>
internal sealed class SyncSession(Atom node, Term tag)
{
    internal Atom Node { get; } = node;

    /// <summary>Our tag for the attempt: what the other side sends about an earlier one is told apart by it.</summary>
    internal Term Tag { get; } = tag;

    /// <summary>The other side's; null until its <c>init_connect</c> came.</summary>
    internal Term? HisTag { get; set; }

    /// <summary>The version that both speak.</summary>
    internal int Version { get; set; }

    /// <summary>The lock, once both partitions are locked.</summary>
    internal Term? LockId { get; set; }

    /// <summary>Our names, as we have told them.</summary>
    internal IReadOnlyDictionary<Term, GlobalEntry> Told { get; set; } = new Dictionary<Term, GlobalEntry>();

    /// <summary>The nodes of our partition, as we have told them.</summary>
    internal IReadOnlyCollection<Atom> ToldKnown { get; set; } = [];

    /// <summary>The nodes that the other side lost after it had told its names.</summary>
    internal HashSet<Atom> Lost { get; } = [];

    /// <summary>The other side's names, as soon as they came.</summary>
    internal ListTerm? HisNames { get; set; }

    /// <summary>Whether conflicts are being settled, or have been.</summary>
    internal bool IsResolving { get; set; }

    /// <summary>Whether what is to be changed here, and what there, is known.</summary>
    internal bool IsResolved { get; set; }

    /// <summary>What is to be changed on this side.</summary>
    internal List<Term> OurOperations { get; } = [];

    /// <summary>What is to be changed on the other side.</summary>
    internal List<Term> HisOperations { get; } = [];

    /// <summary>What the other side found for us, as soon as it came.</summary>
    internal Verdict? His { get; set; }

    /// <summary>The other side's <c>resolved</c>.</summary>
    internal sealed record Verdict(
        ListTerm Operations, IReadOnlyList<KeyValuePair<Atom, int>> Known, Term ExternalNames);
}
