namespace Enmesh.Terms;

/// <summary>Makes equal atoms the same instance, up to a budget. Safe for use by several threads.</summary>
/// <remarks>
/// A peer can name as many atoms as it likes; only the first <see cref="Budget"/> are remembered. Those beyond are
/// plain instances, which are as good, but compared by text and collected like any other object.
/// </remarks>
public sealed class AtomTable
{
    /// <summary>How many atoms a table remembers unless told otherwise.</summary>
    public const int DefaultBudget = 100_000;

    private readonly Lock _growth = new();
    private Atom?[] _slots = new Atom?[512];
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
        for (var at = hash & mask; ; at = (at + 1) & mask)
        {
            if (Volatile.Read(ref slots[at]) is not { } atom)
                return null;
            if (atom.GetHashCode() == hash && atom.Utf8.SequenceEqual(utf8))
                return atom;
        }
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
            if (_count * 2 >= _slots.Length)
            {
                var larger = new Atom?[_slots.Length * 2];
                foreach (var known in _slots)
                {
                    if (known is not null)
                        Place(larger, known);
                }
                Volatile.Write(ref _slots, larger);
            }
            Place(_slots, atom);
            _count++;
            return atom;
        }
    }

    private static void Place(Atom?[] slots, Atom atom)
    {
        var mask = slots.Length - 1;
        var at = atom.GetHashCode() & mask;
        while (slots[at] is not null)
            at = (at + 1) & mask;
        Volatile.Write(ref slots[at], atom);
    }
}
