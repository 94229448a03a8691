namespace Enmesh.Terms;

/// <summary>Makes equal atoms the same instance, up to a budget. Safe for use by several threads.</summary>
/// <remarks>
/// A peer can name as many atoms as it likes; only the first <see cref="Budget"/> are remembered. Those beyond are
/// plain instances, which are as good, but compared by text and collected like any other object. The atoms of
/// <see cref="Atoms"/> are known to every table and do not count.
/// </remarks>
public sealed class AtomTable
{
    /// <summary>How many atoms a table remembers unless told otherwise.</summary>
    public const int DefaultBudget = 100_000;

    // So many atoms in one place are no chance: somebody has chosen them. Those beyond are not remembered.
    private const int MaxProbes = 64;

    private const int InitialSlots = 64;

    private readonly Lock _growth = new();
    private Atom?[] _slots = WithWellKnown();
    private int _count;

    /// <summary>Makes a table.</summary>
    /// <param name="budget">The greatest number of atoms it remembers; 0 remembers none.</param>
    public AtomTable(int budget = DefaultBudget)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(budget);
        Budget = budget;
    }

    /// <summary>The greatest number of atoms the table remembers.</summary>
    public int Budget { get; }

    /// <summary>How many it remembers now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The atom with this text.</summary>
    /// <exception cref="TermFormatException">The bytes are no UTF-8, or more than 255 characters.</exception>
    public Atom Intern(ReadOnlySpan<byte> utf8) => Intern(utf8, 0);

    /// <summary>The same, for text that stands at an offset of some input.</summary>
    internal Atom Intern(ReadOnlySpan<byte> utf8, long offset)
    {
        var hash = Atom.HashUtf8(utf8);
        return Find(Volatile.Read(ref _slots), utf8, hash) ?? Add(Read(utf8, hash, offset));
    }

    /// <summary>The remembered atom that equals the given one, or the given one itself.</summary>
    public Atom Intern(Atom atom)
    {
        ArgumentNullException.ThrowIfNull(atom);
        return Find(Volatile.Read(ref _slots), atom.Utf8, atom.GetHashCode()) ?? Add(atom);
    }

    /// <summary>
    /// The remembered atom of at most eight bytes that <see cref="Atom.Head(ref byte, int)"/> gave, if there is one.
    /// </summary>
    internal Atom? FindShort(ulong head, int length)
    {
        var slots = Volatile.Read(ref _slots);
        var mask = slots.Length - 1;
        var at = Atom.HashShort(head, length) & mask;
        for (var probes = 0; probes < MaxProbes && slots[at] is { } atom; probes++)
        {
            if (atom.IsShort(head, length))
                return atom;
            at = (at + 1) & mask;
        }
        return null;
    }

    private static Atom?[] WithWellKnown()
    {
        var slots = new Atom?[InitialSlots];
        foreach (var atom in Atoms.All)
            TryPlace(slots, atom);
        return slots;
    }

    private static Atom Read(ReadOnlySpan<byte> utf8, int hash, long offset)
    {
        string text;
        try
        {
            text = Atom.StrictUtf8.GetString(utf8);
        }
        catch (ArgumentException)
        {
            throw new TermFormatException("An atom's text is no valid UTF-8.", offset);
        }
        if (text.Length > Atom.MaxCharacters && Atom.CountCharacters(utf8) > Atom.MaxCharacters)
            throw new TermFormatException($"An atom has more than {Atom.MaxCharacters} characters.", offset);
        return new Atom(text, utf8.ToArray(), hash);
    }

    private static Atom? Find(Atom?[] slots, ReadOnlySpan<byte> utf8, int hash)
    {
        var mask = slots.Length - 1;
        var at = hash & mask;
        for (var probes = 0; probes < MaxProbes && Volatile.Read(ref slots[at]) is { } atom; probes++)
        {
            if (atom.GetHashCode() == hash && atom.Utf8.SequenceEqual(utf8))
                return atom;
            at = (at + 1) & mask;
        }
        return null;
    }

    private Atom Add(Atom atom)
    {
        if (Count >= Budget)
            return atom;
        lock (_growth)
        {
            if (Find(_slots, atom.Utf8, atom.GetHashCode()) is { } other)
                return other;
            if (_count >= Budget)
                return atom;
            if ((_count + Atoms.All.Length) * 2 >= _slots.Length)
                Grow();
            if (TryPlace(_slots, atom))
                _count++;
            return atom;
        }
    }

    private void Grow()
    {
        var larger = new Atom?[_slots.Length * 2];
        foreach (var known in _slots)
        {
            if (known is not null && !TryPlace(larger, known))
                _count--;
        }
        Volatile.Write(ref _slots, larger);
    }

    private static bool TryPlace(Atom?[] slots, Atom atom)
    {
        var mask = slots.Length - 1;
        var at = atom.GetHashCode() & mask;
        for (var probes = 0; probes < MaxProbes; probes++)
        {
            if (slots[at] is null)
            {
                Volatile.Write(ref slots[at], atom);
                return true;
            }
            at = (at + 1) & mask;
        }
        return false;
    }
}
