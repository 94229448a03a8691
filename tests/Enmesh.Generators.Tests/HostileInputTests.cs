using System.Collections.Frozen;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Serialization;
using Xunit;

namespace Enmesh.Generators.Tests;

/// <summary>Whatever the bytes: a value, a TermFormatException or a TermSerializationException, and nothing else.</summary>
[Trait("Ring", "pure")]
public sealed class HostileInputTests
{
    private static readonly SampleTerms Terms = SampleTerms.Default;

    [Fact]
    public void Every_truncation_is_refused_by_every_type()
    {
        ForEach(new Truncate());
    }

    [Fact]
    public void Random_flips_are_read_or_refused()
    {
        ForEach(new Flip());
    }

    [Fact]
    public void Bytes_and_terms_are_read_alike_or_refused_alike()
    {
        ForEach(new Compare());
    }

    private static void ForEach(IVisit visit)
    {
        var order = new Order(7, [new OrderLine("A1", 2.5), new OrderLine("ä", 1)], Status.InTransit, null);
        visit.Try(order, Terms.Order);
        visit.Try(new Payment.WithdrawAll("a", "b", true), Terms.Payment);
        visit.Try(new Square(2, "x"), Terms.Drawing);
        visit.Try(new Settings(true, 3), Terms.Settings);
        visit.Try(new User { Name = "A" }, Terms.User);
        visit.Try(new Tree(1, [new Tree(2), new Tree(3, [])]), Terms.Tree);
        visit.Try(new Answers(5, Result.Error(new Atom("a"))), Terms.Answers);
        var map = new Dictionary<Point, Status> { [new(1, 2)] = Status.New, [new(3, 4)] = Status.Delivered };
        visit.Try(map, Terms.DictionaryPointStatus);
        var now = new DateTimeOffset(2025, 1, 31, 0, 0, 1, TimeSpan.Zero);
        var date = new DateOnly(2025, 1, 31);
        visit.Try(
            new Times(now.UtcDateTime, now, now, now.UtcDateTime, now, now, date, new(1, 2, 3), TimeSpan.Zero, TimeSpan.Zero),
            Terms.Times);
        visit.Try(
            new Texts("a", "häß", "c", ["d", "č"], Guid.Empty, Guid.Empty, [1], new byte[] { 2 }, 1.5m, 2.5m),
            Terms.Texts);
        var collections = new Collections(
            [1],
            ["a", null],
            [2],
            [3],
            [4],
            FrozenSet.ToFrozenSet([5]),
            new() { ["a"] = 1 },
            new Dictionary<string, int> { ["b"] = 2 },
            new() { ["c"] = 3 },
            (1, "x"),
            new("k", 1),
            [(new Atom("a"), 1)]);
        visit.Try(collections, Terms.Collections);
    }

    private interface IVisit
    {
        void Try<T>(T value, TermTypeInfo<T> info);
    }

    private sealed class Truncate : IVisit
    {
        public void Try<T>(T value, TermTypeInfo<T> info)
        {
            var bytes = TermSerializer.Encode(value, info);
            for (var length = 0; length < bytes.Length; length++)
                Assert.Throws<TermFormatException>(() => TermSerializer.Decode(bytes.AsSpan(0, length), info));
        }
    }

    private sealed class Flip : IVisit
    {
        public void Try<T>(T value, TermTypeInfo<T> info)
        {
            var random = new Random(20250131);
            var bytes = TermSerializer.Encode(value, info);
            for (var i = 0; i < 3000; i++)
            {
                var broken = bytes.ToArray();
                for (var flips = random.Next(1, 4); flips > 0; flips--)
                    broken[random.Next(1, broken.Length)] = (byte)random.Next(256);
                _ = Outcome(() => TermSerializer.Decode(broken, info));
            }
        }
    }

    // A typed reader of bytes may accept what a whole decode refuses in a part it passes over; nothing else may differ.
    private sealed class Compare : IVisit
    {
        public void Try<T>(T value, TermTypeInfo<T> info)
        {
            var random = new Random(20250201);
            var bytes = TermSerializer.Encode(value, info);
            for (var i = 0; i < 3000; i++)
            {
                var broken = bytes.ToArray();
                broken[random.Next(1, broken.Length)] = (byte)random.Next(256);
                Term term;
                try
                {
                    term = ExternalTermFormat.Decode(broken);
                }
                catch (TermFormatException)
                {
                    continue;
                }
                var overTerm = Outcome(() => TermSerializer.ToTerm(TermSerializer.FromTerm(term, info), info).ToString());
                var overBytes = Outcome(() => TermSerializer.ToTerm(TermSerializer.Decode(broken, info), info).ToString());
                Assert.True(overTerm == overBytes, $"{Convert.ToHexString(broken)}: {overTerm} over terms, {overBytes} over bytes");
            }
        }
    }

    private static string? Outcome<T>(Func<T> read)
    {
        try
        {
            return read()?.ToString();
        }
        catch (TermSerializationException e)
        {
            return e.Message;
        }
        catch (TermFormatException e)
        {
            return e.Message;
        }
    }
}
