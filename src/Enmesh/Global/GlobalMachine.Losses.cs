using Enmesh.Terms;

namespace Enmesh.Global;

// What is lost while two partitions meet. Each side tells its names once, and whom it knows a little later. A node that
// goes after that, by leaving or by one cut link, can live on: the other partition, which connects to whomever it hears
// a name of, would have names and a member that this one has no more, and nobody would ever notice. Between real nodes
// that happens.
internal sealed partial class GlobalMachine
{
    /// <summary>So long the messages of others about a lost node may be under way.</summary>
    private static readonly TimeSpan LossKept = TimeSpan.FromHours(1);

    /// <summary>The nodes that belonged to our partition and do not any more, and since when.</summary>
    private readonly Dictionary<Atom, TimeSpan> _gone = [];

    private void NoteGone(Atom node)
    {
        foreach (var (old, _) in _gone.Where(gone => _now - gone.Value >= LossKept).ToArray())
            _gone.Remove(old);
        _gone[node] = _now;
    }

    /// <summary>The entry of a name, unless we are parting from the node of its process.</summary>
    private GlobalEntry? EntryOf(Term name) =>
        _names.Find(name) is { } entry && !_removing.Contains(entry.Pid.Node) ? entry : null;

    private Dictionary<Term, GlobalEntry> NamesToTell() =>
        _names.Entries.Where(name => !_removing.Contains(name.Value.Pid.Node)).ToDictionary();

    /// <summary>
    /// Takes back what we have told of names that are gone by now. Who has such a name as well keeps it, however the
    /// conflict was settled: all take what is inserted last, and what is deleted after all that is inserted.
    /// </summary>
    private void TakeBackLost(SyncSession session)
    {
        var told = session.Told;
        Term[] gone = [.. told.Keys.Where(name => EntryOf(name)?.Pid != told[name].Pid)];
        if (gone.Length == 0)
            return;
        var his = new Dictionary<Term, Term>();
        foreach (var one in session.HisNames!.Value)
        {
            if (one.TupleElements is [var name, { Pid: not null }, _])
                his[name] = one;
        }
        foreach (var name in gone)
        {
            if (!his.TryGetValue(name, out var entry))
            {
                session.HisOperations.Add(GlobalMessages.Delete(name));
                continue;
            }
            var insert = Term.Tuple(GlobalAtoms.Insert, entry);
            session.OurOperations.Add(insert);
            session.HisOperations.Add(insert);
        }
    }

    /// <summary>
    /// Keeps in mind that the other side lost a node after it had told us its names: real nodes take nothing back. Its
    /// partition stays locked until we are one, so that the lost one cannot be back in it.
    /// </summary>
    private void NoteLoss(Atom from, Atom to)
    {
        foreach (var session in _sessions.Values.Where(session => session.HisNames is not null))
            session.Lost.Add(to == session.Node ? from : to);
    }

    /// <summary>
    /// What we have to change, but for names of processes on lost nodes: the other side has these for nobody.
    /// </summary>
    private static List<Term> WithoutLost(SyncSession session, SyncSession.Verdict his)
    {
        if (session.Lost.Count == 0)
            return session.OurOperations;
        var given = his.Operations.Select(InsertedName).OfType<Term>().ToHashSet();
        var operations = new List<Term>(session.OurOperations.Count);
        foreach (var operation in session.OurOperations)
        {
            if (!IsInsertedAt(session.Lost, operation) || InsertedName(operation) is not { } name)
                operations.Add(operation);
            else if (!given.Contains(name))
                operations.Add(GlobalMessages.Delete(name));
        }
        return operations;
    }

    private static Term? InsertedName(Term operation) =>
        operation.TupleElements is [{ Atom: { } tag }, { TupleElements: [var name, _, _] }] && tag == GlobalAtoms.Insert
            ? name
            : default(Term?);

    private static bool IsInsertedAt(HashSet<Atom> nodes, Term operation) =>
        operation.TupleElements is [_, { TupleElements: [_, { Pid: { } pid }, _] }] && nodes.Contains(pid.Node);

    /// <summary>
    /// Tells of the nodes that we lost after we had told the other side that we know them. A real node connects to such
    /// a one, and would ask it to disconnect, which that does not do for somebody it has never heard of: so it is told
    /// to do so itself.
    /// </summary>
    private void TellLostMeanwhile(SyncSession session)
    {
        foreach (var node in session.ToldKnown.Where(node => !_known.ContainsKey(node)))
        {
            if (session.Version >= GlobalMessages.PartitionsVersion && _self.PreventOverlappingPartitions)
                Send(session.Node, GlobalMessages.RemoveConnection(node));
            TellLoss(node);
        }
    }
}
