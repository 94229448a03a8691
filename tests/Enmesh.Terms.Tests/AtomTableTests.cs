using Xunit;

namespace Enmesh.Terms.Tests;

[Trait("Ring", "pure")]
public sealed class AtomTableTests
{
    [Fact]
    public void Equal_text_gives_the_same_atom()
    {
        var table = new AtomTable();
        var atom = table.Intern("hello"u8);
        Assert.Same(atom, table.Intern("hello"u8));
        Assert.Same(atom, table.Intern(new Atom("hello")));
        Assert.NotSame(atom, table.Intern("hello1"u8));
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public void Well_known_atoms_are_in_every_table_and_cost_nothing()
    {
        var table = new AtomTable(0);
        Assert.Same(Atoms.Ok, table.Intern("ok"u8));
        Assert.Same(Atoms.Empty, table.Intern(""u8));
        Assert.Same(Atoms.Undefined, table.Intern(new Atom("undefined")));
        Assert.Equal(0, table.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public void Atoms_beyond_the_budget_are_as_good_but_not_remembered(int budget)
    {
        var table = new AtomTable(budget);
        for (var i = 0; i < 3000; i++)
        {
            var text = $"atom {i}";
            var atom = table.Intern(System.Text.Encoding.UTF8.GetBytes(text));
            Assert.Equal(text, atom.Text);
            Assert.Equal(new Atom(text), atom);
            Assert.Equal(i < budget, ReferenceEquals(atom, table.Intern(atom.Utf8)));
        }
        Assert.Equal(budget, table.Count);
    }

    [Fact]
    public void Short_atoms_are_told_apart_by_their_length()
    {
        var table = new AtomTable();
        string[] texts = ["a", "a\0", "a\0\0", "abcdefgh", "abcdefgh\0", "abcdefghi", "\0", "åäö", "😀😀"];
        foreach (var text in texts)
            Assert.Equal(text, table.Intern(System.Text.Encoding.UTF8.GetBytes(text)).Text);
        Assert.Equal(texts.Length, table.Count);
        Assert.Equal(texts.Length, texts.Select(text => new Atom(text)).Distinct().Count());
    }

    [Fact]
    public void Atoms_with_the_same_hash_are_found_as_far_as_that_is_cheap()
    {
        var table = new AtomTable();
        // HashShort multiplies by an odd constant and looks at the upper half, so that such texts are easily made.
        var texts = Colliding(500);
        Assert.Single(texts.Select(text => Atom.HashUtf8(text) & 63).Distinct());
        foreach (var text in texts)
            Assert.Equal(text, table.Intern(text).Utf8.ToArray());
        Assert.InRange(table.Count, 1, texts.Count);
        foreach (var text in texts)
            Assert.Equal(text, table.Intern(text).Utf8.ToArray());
    }

    [Fact]
    public void Threads_agree_on_every_atom()
    {
        var table = new AtomTable();
        var seen = new Atom[8][];
        Parallel.For(0, seen.Length, thread =>
        {
            seen[thread] = [.. Enumerable.Range(0, 5000).Select(i => table.Intern(
                System.Text.Encoding.UTF8.GetBytes($"a{i}")))];
        });
        for (var i = 0; i < 5000; i++)
            Assert.Single(seen.Select(atoms => atoms[i]).Distinct(ReferenceEqualityComparer.Instance));
        Assert.Equal(5000, table.Count);
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("C080")]
    [InlineData("EDA080")]
    public void Bytes_that_are_no_text_are_refused(string hex) =>
        Assert.Throws<TermFormatException>(() => new AtomTable().Intern(Convert.FromHexString(hex)));

    [Fact]
    public void An_atom_has_255_characters_at_most()
    {
        Assert.Equal(255, new Atom(new string('x', 255)).Text.Length);
        Assert.Equal(510, new Atom(string.Concat(Enumerable.Repeat("😀", 255))).Text.Length);
        Assert.Throws<ArgumentException>(() => new Atom(new string('x', 256)));
        Assert.Throws<ArgumentException>(() => new Atom("\uD800"));
    }

    private static List<byte[]> Colliding(int count)
    {
        var found = new List<byte[]>();
        for (var i = 0; found.Count < count; i++)
        {
            var text = System.Text.Encoding.UTF8.GetBytes($"{i:x}");
            if ((Atom.HashUtf8(text) & 0xFFF) == 0)
                found.Add(text);
        }
        return found;
    }
}
