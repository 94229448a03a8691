using Enmesh.Resolver;
using Xunit;

namespace Enmesh.Tests.Resolver;

[Trait("Ring", "pure")]
public sealed class DnsFuzzTests
{
    private static bool IsLong => Environment.GetEnvironmentVariable("ENMESH_LONG") == "1";

    [Fact]
    public void Every_truncation_of_every_answer_is_refused()
    {
        foreach (var vector in DnsVector.All)
        {
            var whole = vector.Response;
            // A message that says itself that it is cut off may end anywhere.
            var last = DnsMessage.TryReadHeader(whole, out var header, out _) && header.IsTruncated
                ? LengthRead(whole)
                : whole.Length;
            // The thousand records of the longest answers are alike; a few hundred cuts among them do.
            for (var length = 0; length < last; length += IsLong || length < 400 || length > last - 400 ? 1 : 37)
            {
                var e = Record.Exception(() => DnsMessage.Read(whole.AsSpan(0, length)));
                Assert.True(
                    e is DnsFormatException, $"{vector.Id} cut to {length} bytes gave {e?.ToString() ?? "a message"}");
            }
        }
    }

    [Fact]
    public void Damaged_answers_are_read_or_refused_and_nothing_else()
    {
        var vectors = DnsVector.All.Where(vector => vector.Response.Length < 600).ToArray();
        var random = new Random(20300101);
        var rounds = IsLong ? 10_000_000 : 200_000;
        int read = 0, refused = 0;
        for (var round = 0; round < rounds; round++)
        {
            var vector = vectors[random.Next(vectors.Length)];
            var bytes = Damage(vectors, vector.Response, random);
            try
            {
                DnsMessage.TryReadHeader(bytes, out _, out _);
                var message = DnsMessage.Read(bytes);
                DnsInterpretation.Interpret(message, vector.Question);
                read++;
            }
            catch (DnsFormatException e)
            {
                Assert.InRange(e.Offset, 0, bytes.Length);
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"Round {round}, {Convert.ToHexString(bytes)}: {e}");
            }
        }
        // Both ways are really taken, or the damage is too small or too great to prove anything.
        Assert.InRange(read, rounds / 20, rounds);
        Assert.InRange(refused, rounds / 20, rounds);
    }

    private static byte[] Damage(DnsVector[] vectors, byte[] original, Random random)
    {
        var bytes = original.ToArray();
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var at = random.Next(bytes.Length);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    // Pointers are what a decoder of names dies of.
                    bytes[at] = (byte)(0xC0 | random.Next(2));
                    break;
                case 3:
                    bytes[random.Next(Math.Min(12, bytes.Length))] = (byte)random.Next(256);
                    break;
                case 4 when bytes.Length > 1:
                    bytes = bytes[..random.Next(1, bytes.Length)];
                    break;
                default:
                    var other = vectors[random.Next(vectors.Length)].Response;
                    bytes = [.. bytes[..at], .. other[random.Next(other.Length)..]];
                    break;
            }
        }
        return bytes;
    }

    private static int LengthRead(byte[] message)
    {
        var length = message.Length;
        while (Record.Exception(() => DnsMessage.Read(message.AsSpan(0, length - 1))) is null)
            length--;
        return length;
    }
}
