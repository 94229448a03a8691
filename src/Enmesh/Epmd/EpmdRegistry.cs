namespace Enmesh.Epmd;

/// <summary>Who is registered at an EPMD. It knows no connections, only their numbers.</summary>
/// <param name="firstCreation">Where creations begin; a random number, so that a restart gives new ones.</param>
/// <param name="maxNames">How many may be registered at a time.</param>
internal sealed class EpmdRegistry(uint firstCreation, int maxNames)
{
    // 0 means no creation, and 1 to 3 is all that fitted into the two bits of old nodes.
    private const uint SmallestCreation = 4;

    private readonly LinkedList<(EpmdEntry Entry, long Connection)> _newestFirst = new();
    private readonly Dictionary<string, LinkedListNode<(EpmdEntry Entry, long Connection)>> _byName = new(
        StringComparer.Ordinal);
    private uint _creation = firstCreation;

    /// <summary>Everybody, the newest first.</summary>
    public IEnumerable<(EpmdEntry Entry, long Connection)> All => _newestFirst;

    /// <summary>Registers a node for a connection.</summary>
    /// <returns>Its creation; null when the name is taken, no name, or there is no room.</returns>
    public uint? TryRegister(EpmdEntry entry, long connection)
    {
        if (entry.Name.Length > EpmdName.MaxBytes || entry.Name.Any(IsControl) || _byName.Count >= maxNames
            || _byName.ContainsKey(entry.Name))
        {
            return null;
        }

        _byName.Add(entry.Name, _newestFirst.AddFirst((entry, connection)));
        _creation = _creation is >= SmallestCreation and < uint.MaxValue ? _creation + 1 : SmallestCreation;
        return entry.HighestVersion >= 6 ? _creation : (_creation % 3) + 1;
    }

    /// <summary>Forgets the node of a connection.</summary>
    public void Unregister(string name, long connection)
    {
        if (_byName.TryGetValue(name, out var node) && node.Value.Connection == connection)
        {
            _byName.Remove(name);
            _newestFirst.Remove(node);
        }
    }

    /// <summary>Who has the name; null when nobody has.</summary>
    public EpmdEntry? Find(string name) => _byName.TryGetValue(name, out var node) ? node.Value.Entry : null;

    // A name with a line end in it could forge lines in the list of names. Bytes above 127 are parts of UTF-8.
    private static bool IsControl(char c) => c is < ' ' or '\x7f';
}
