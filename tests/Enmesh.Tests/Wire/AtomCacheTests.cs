using Enmesh.Terms;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Wire;

/// <summary>
/// The distribution header, byte for byte. The slot of an atom is its hash modulo 256, and modulo 2048 once many atoms
/// have pushed each other out.
/// </summary>
[Trait("Ring", "pure")]
public class AtomCacheTests
{
    private readonly OutboundAtomCache _outbound = new();
    private readonly InboundAtomCache _inbound = new(new AtomTable());

    [Fact]
    public void Header_without_atoms_is_one_byte() => Assert.Equal("00", Write());

    [Fact]
    public void New_atom_comes_with_its_text_and_a_known_one_without()
    {
        UseAllSlots();
        var name = NameOf(slot: 0x410); // segment 4, index 16
        // One reference: nibbles 0x0C (New, 4), then the nibble with LongAtoms, 0.
        Assert.Equal("01" + "0C" + "1005" + Hex(name), Write(name));
        Assert.Equal("01" + "04" + "10", Write(name));
    }

    [Fact]
    public void A_cache_with_room_stays_in_its_first_segment()
    {
        var (a, b) = (NameOf(0x134), NameOf(0x7FC));
        Assert.Equal("02" + "88" + "00" + "3405" + Hex(a) + "FC05" + Hex(b), Write(a, b));
        Assert.Equal("02" + "00" + "00" + "34" + "FC", Write(a, b));
    }

    [Fact]
    public void What_was_known_before_all_slots_are_used_may_come_with_its_text_once_more()
    {
        var (stays, moves) = (NameOf(0x034), NameOf(0x7FC));
        UseAllSlots();
        Write(stays, moves);
        Assert.Equal("02" + "70" + "00" + "34" + "FC", Write(stays, moves));
    }

    [Fact]
    public void Nibbles_stand_low_one_first()
    {
        UseAllSlots();
        var (a, b, c) = (NameOf(0x134), NameOf(0x3FD), NameOf(0x7FC));
        Assert.Equal("02" + "B9" + "00" + "3405" + Hex(a) + "FD05" + Hex(b), Write(a, b));
        Assert.Equal("03" + "31" + "0F" + "34" + "FD" + "FC05" + Hex(c), Write(a, b, c));
        Assert.Equal("03" + "31" + "07" + "34" + "FD" + "FC", Write(a, b, c));
    }

    [Fact]
    public void Long_text_makes_all_lengths_two_bytes()
    {
        UseAllSlots();
        var (a, text) = (NameOf(0x134), NameOf(0x13F, prefix: new string('å', 200))); // 405 bytes
        Assert.Equal("02" + "99" + "01" + "340005" + Hex(a) + "3F0195" + Hex(text), Write(a, text));
        Assert.Equal("01" + "11" + "3F", Write(text));
    }

    [Fact]
    public void Two_atoms_of_one_slot_push_each_other_out()
    {
        UseAllSlots();
        var (a, b) = (NameOf(0x1D6), NameOf(0x1D6, prefix: "b"));
        Assert.Equal("02" + "99" + "00" + "D605" + Hex(a) + "D606" + Hex(b), Write(a, b));
        Assert.Equal("01" + "01" + "D6", Write(b));
        Assert.Equal("01" + "09" + "D605" + Hex(a), Write(a));
    }

    [Fact]
    public void Written_headers_are_read_again_by_a_plain_reading_of_the_description()
    {
        var random = new Random(4711);
        var plain = new Dictionary<int, string>();
        for (var round = 0; round < 2000; round++)
        {
            var names = Enumerable.Range(0, random.Next(256)).Select(_ => Name(random)).Distinct().ToArray();
            var header = Convert.FromHexString(Write(names));
            Assert.Equal(names, ReadPlainly(header, plain));
            Assert.Equal(header.Length, _inbound.Read(header));
            Assert.Equal(names, _inbound.References[.._inbound.ReferenceCount].Select(a => a.Text));
        }
    }

    [Fact]
    public void Inbound_atoms_are_those_of_the_table()
    {
        var table = new AtomTable();
        var known = table.Intern("rex"u8);
        var cache = new InboundAtomCache(table);
        cache.Read([1, 0x0C, 16, 3, .. "rex"u8]);
        Assert.Same(known, cache.References[0]);
        cache.Read([1, 0x04, 16]);
        Assert.Same(known, cache.References[0]);
    }

    [Theory]
    [InlineData("", "ends within its distribution header")]
    [InlineData("01", "ends within its distribution header")]
    [InlineData("010C", "ends within its distribution header")]
    [InlineData("010C10", "ends within its distribution header")]
    [InlineData("010C1003", "ends within its distribution header")]
    [InlineData("010C10037265", "ends within its distribution header")]
    [InlineData("011C1000", "ends within its distribution header")]
    [InlineData("010410", "slot 1040")]
    [InlineData("010C1001FF", "UTF-8")]
    public void Broken_header_is_refused(string hex, string why)
    {
        var error = Assert.Throws<DistributionProtocolException>(() => _inbound.Read(Convert.FromHexString(hex)));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_allocated_for_atoms_that_are_cached()
    {
        Atom[] atoms = [new("rex"), new("a"), new("b")];
        var buffer = new byte[OutboundAtomCache.MaxBytes(atoms)];
        for (var i = 0; i < 100; i++)
            _inbound.Read(buffer.AsSpan(0, _outbound.Write(buffer, atoms)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            _inbound.Read(buffer.AsSpan(0, _outbound.Write(buffer, atoms)));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void UseAllSlots() => Write([.. Enumerable.Range(0, 200).Select(i => "other" + i)]);

    // A name of five letters behind the prefix whose atom falls into this slot.
    internal static string NameOf(int slot, string prefix = "")
    {
        for (var i = 10_000; i < 99_999; i++)
        {
            if ((new Atom(prefix + i).GetHashCode() & 2047) == slot)
                return prefix + i;
        }
        throw new InvalidOperationException($"No name falls into slot {slot}.");
    }

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text));

    private static string Name(Random random) => random.Next(20) switch
    {
        0 => "",
        1 => new string((char)('a' + random.Next(26)), 255),
        2 => new string('å', random.Next(100, 255)),
        3 => string.Concat(Enumerable.Repeat("𝄞", 200)),
        _ => "n" + random.Next(5000),
    };

    private static string[] ReadPlainly(byte[] header, Dictionary<int, string> cache)
    {
        int count = header[0];
        if (count == 0)
            return [];
        var nibbles = header[1..(1 + (count / 2) + 1)].SelectMany(b => (int[])[b & 15, b >> 4]).ToArray();
        var at = 1 + (count / 2) + 1;
        var names = new string[count];
        for (var i = 0; i < count; i++)
        {
            var slot = ((nibbles[i] & 7) * 256) + header[at++];
            if ((nibbles[i] & 8) != 0)
            {
                int length = header[at++];
                if ((nibbles[count] & 1) != 0)
                    length = (length * 256) + header[at++];
                cache[slot] = System.Text.Encoding.UTF8.GetString(header, at, length);
                at += length;
            }
            names[i] = cache[slot];
        }
        Assert.Equal(header.Length, at);
        return names;
    }

    private string Write(params string[] names)
    {
        var atoms = names.Select(n => new Atom(n)).ToArray();
        var buffer = new byte[OutboundAtomCache.MaxBytes(atoms)];
        return Convert.ToHexString(buffer, 0, _outbound.Write(buffer, atoms));
    }
}
