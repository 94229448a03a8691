using System.Buffers;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Serialization;
using Xunit;

namespace Enmesh.Generators.Tests;

[Trait("Ring", "pure")]
public sealed class AllocationTests
{
    private static readonly SampleTerms Terms = SampleTerms.Default;

    [Fact]
    public void Typed_writing_allocates_nothing_beyond_the_output()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        var order = new Order(7, new OrderLine[] { new("A1", 2.5), new("ä", 1) }, Status.InTransit, null);
        Payment withdraw = new Payment.Withdraw(5, "rent");
        var settings = new Settings(true, 3);
        var user = new User { Name = "Ann" };
        var map = new Dictionary<Point, Status> { [new(1, 2)] = Status.New };
        var id = Guid.Empty;
        var at = new DateTimeOffset(2025, 1, 31, 0, 0, 0, TimeSpan.Zero);
        var times = new Times(at.UtcDateTime, at, at, at.UtcDateTime, at, at, new(2025, 1, 31), new(1, 2, 3), TimeSpan.Zero, TimeSpan.Zero);
        var texts = new Texts("a", "häß", "c", ["d", "č"], id, id, [1], new byte[] { 2 }, 1.5m, 2.5m);
        Assert.Equal(0, AllocatedBy(() => Write(output, order, Terms.Order)));
        Assert.Equal(0, AllocatedBy(() => Write(output, withdraw, Terms.Payment)));
        Assert.Equal(0, AllocatedBy(() => Write(output, settings, Terms.Settings)));
        Assert.Equal(0, AllocatedBy(() => Write(output, user, Terms.User)));
        Assert.Equal(0, AllocatedBy(() => Write(output, map, Terms.DictionaryPointStatus)));
        Assert.Equal(0, AllocatedBy(() => Write(output, times, Terms.Times)));
        Assert.Equal(AtomBytes, AllocatedBy(() => Write(output, texts, Terms.Texts)));
    }

    [Fact]
    public void Typed_reading_allocates_only_the_value()
    {
        var payment = TermSerializer.Encode(new Payment.Deposit(5), Terms.Payment);
        var size = AllocatedBy(() => new Payment.Deposit(5));
        Assert.Equal(size, AllocatedBy(() => TermSerializer.Decode(payment, Terms.Payment)));
        var term = ExternalTermFormat.Decode(payment);
        Assert.Equal(size, AllocatedBy(() => TermSerializer.FromTerm(term, Terms.Payment)));
        var line = TermSerializer.Encode(new OrderLine("A1", 1), LineTerms.Default.OrderLine);
        Assert.Equal(
            AllocatedBy(() => new OrderLine(new string('a', 2), 1)),
            AllocatedBy(() => TermSerializer.Decode(line, LineTerms.Default.OrderLine)));
    }

    // Text that becomes an atom is the one thing that has to be made into an object first.
    private static long AtomBytes { get; } = AllocatedBy(() => new Atom("c"));

    private static void Write<T>(ArrayBufferWriter<byte> output, T value, TermTypeInfo<T> info)
    {
        output.ResetWrittenCount();
        TermSerializer.Encode(value, info, output);
    }

    private static long AllocatedBy(Action action)
    {
        // Once and again, until everything that is made once has been made.
        for (var i = 0; i < 3; i++)
            action();
        var least = long.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }

    private static long AllocatedBy<T>(Func<T> function)
    {
        T? kept = default;
        return AllocatedBy(() =>
        {
            kept = function();
            GC.KeepAlive(kept);
        });
    }
}

[TermSerializable(typeof(OrderLine))]
internal sealed partial class LineTerms : TermSerializerContext;
