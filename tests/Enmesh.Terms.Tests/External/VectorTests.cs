using Enmesh.Terms.External;
using Xunit;

namespace Enmesh.Terms.Tests.External;

[Trait("Ring", "pure")]
public sealed class VectorTests
{
    [Fact]
    public void Every_vector_decodes_and_survives_a_round_trip()
    {
        Assert.True(TermVector.Portable.Count() > 300);
        foreach (var vector in TermVector.Portable)
        {
            var term = ExternalTermFormat.Decode(vector.Bytes);
            var again = ExternalTermFormat.Decode(ExternalTermFormat.Encode(term));
            Assert.True(term == again, vector.ToString());
            Assert.True(term.GetHashCode() == again.GetHashCode(), vector.ToString());
        }
    }

    [Fact]
    public void Encoding_gives_the_bytes_of_release_29()
    {
        var compared = 0;
        foreach (var vector in TermVector.Portable.Where(vector => vector.IsMadeBy29))
        {
            var bytes = ExternalTermFormat.Encode(ExternalTermFormat.Decode(vector.Bytes));
            Assert.True(
                Convert.ToHexString(WithNarrowPort(vector.Bytes)) == Convert.ToHexString(bytes), vector.ToString());
            compared++;
        }
        Assert.True(compared > 100);

        // From OTP 27 on a node writes every port with the wide tag, 120; we do so only from 2^28 on.
        static byte[] WithNarrowPort(byte[] bytes)
        {
            var id = bytes.Length - 12;
            return bytes[1] == 120 && bytes.AsSpan(id, 4).IndexOfAnyExcept((byte)0) < 0 && bytes[id + 4] < 16
                ? [131, 89, .. bytes[2..id], .. bytes[(id + 4)..]]
                : bytes;
        }
    }

    [Fact]
    public void All_encodings_of_one_term_are_equal()
    {
        foreach (var group in TermVector.Portable.GroupBy(vector => (vector.Id, vector.Text)))
        {
            // A local fun is another one on each release.
            if (group.Key.Id.StartsWith("fun_local", StringComparison.Ordinal))
                continue;
            var terms = group.Select(vector => ExternalTermFormat.Decode(vector.Bytes)).ToList();
            Assert.All(terms, term => Assert.True(term == terms[0], group.Key.Id));
            Assert.All(terms, term => Assert.Equal(terms[0].GetHashCode(), term.GetHashCode()));
        }
    }

    [Fact]
    public void Every_truncation_is_refused_with_an_offset()
    {
        foreach (var vector in TermVector.Portable)
        {
            for (var length = 0; length < vector.Bytes.Length; length++)
            {
                var error = Assert.Throws<TermFormatException>(
                    () => ExternalTermFormat.Decode(vector.Bytes.AsSpan(0, length)));
                Assert.InRange(error.Offset, 0, length);
            }
        }
    }

    [Fact]
    public void Skipping_ends_where_reading_ends()
    {
        foreach (var vector in TermVector.Portable.Where(vector => !vector.IsCompressed))
        {
            byte[] input = [.. vector.Bytes.AsSpan(1), 106, 106];
            var reading = new TermReader(input);
            var skipping = new TermReader(input);
            reading.ReadTerm();
            skipping.Skip();
            Assert.Equal(input.Length - 2, reading.Position);
            Assert.Equal(input.Length - 2, skipping.Position);
        }
    }
}
