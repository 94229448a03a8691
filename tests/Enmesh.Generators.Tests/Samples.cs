using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Numerics;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh.Generators.Tests;

// The types of the tests, each for one row of the table in docs/serialization.md.

public sealed record Order(int Id, IReadOnlyList<OrderLine> Items, Status Status, string? Note)
{
    public bool Paid { get; init; }
}

public sealed record OrderLine(string Sku, double Price);

public enum Status
{
    New,
    InTransit,
    [TermName("done")]
    Delivered,
}

[Flags]
public enum Access
{
    None = 0,
    Read = 1,
    Write = 2,
    Both = Read | Write,
    RunAsRoot = 4,
}

public enum Level : byte
{
    Low = 1,
    High = 200,
}

public abstract record Payment
{
    [ErlangTag("deposit")]
    public sealed record Deposit(int Amount) : Payment;

    [ErlangTag("withdraw")]
    public sealed record Withdraw(int Amount, string Reason) : Payment;

    [ErlangTag("withdraw")]
    public sealed record WithdrawAll(string Account, string Reason, bool Force) : Payment;

    [ErlangTag]
    public sealed record CloseAccount : Payment;
}

[TermCase(typeof(Circle))]
[TermCase(typeof(Square))]
public interface IDrawing;

[ElixirStruct("Draw.Circle")]
public sealed record Circle(double Radius) : IDrawing;

[ElixirStruct("Draw.Square")]
public sealed record Square(double Side, string? Label) : IDrawing;

[ErlangTag]
public record Animal(string Name)
{
    [ErlangTag]
    public sealed record Dog(string Name, int Age) : Animal(Name);
}

[ErlangTuple]
public sealed record Point(int X, int Y);

[ErlangProplist]
public sealed record Settings(bool Verbose, int? Retries, string Host = "localhost");

[ErlangMap(Keys = MapKeys.Binary, UnknownKeys = UnknownKeys.Refuse)]
public sealed record Strict(int Id, [TermName("displayName")] string Name);

[ElixirStruct("Shop.User")]
public sealed class User
{
    public required string Name { get; init; }

    public int Age { get; set; } = 18;

    public string? Email { get; init; }

    [TermIgnore]
    public string Secret { get; set; } = "none";

    public string Display => $"{Name} ({Age})";
}

public sealed record Tree(int Value, List<Tree>? Children = null);

public sealed record Page<T>(ImmutableArray<T> Items, T? First);

public sealed record Times(
    DateTime At,
    [TermFormat(TermFormat.Iso8601)] DateTimeOffset Text,
    [TermFormat(TermFormat.ElixirStruct)] DateTimeOffset Elixir,
    [TermFormat(TermFormat.ElixirNaiveDateTime)] DateTime Naive,
    [TermFormat(TermFormat.UnixSeconds)] DateTimeOffset Seconds,
    [TermFormat(TermFormat.UnixMilliseconds)] DateTimeOffset Milliseconds,
    DateOnly Date,
    TimeOnly Time,
    TimeSpan Wait,
    [TermFormat(TermFormat.Seconds)] TimeSpan WaitSeconds);

public sealed record Numbers(
    byte A, sbyte B, short C, ushort D, int E, uint F, long G, ulong H, Int128 I, UInt128 J, BigInteger K, float L, double M, char N);

public sealed record Texts(
    string Plain,
    [TermFormat(TermFormat.Charlist)] string Chars,
    [TermFormat(TermFormat.Atom)] string Name,
    [TermFormat(TermFormat.Charlist)] List<string> Many,
    Guid Id,
    [TermFormat(TermFormat.Bytes)] Guid Raw,
    byte[] Bytes,
    ReadOnlyMemory<byte> Memory,
    decimal Price,
    [TermFormat(TermFormat.ElixirStruct)] decimal ElixirPrice);

public sealed record Collections(
    int[] Array,
    List<string?> Strings,
    IEnumerable<int> Sequence,
    HashSet<int> Set,
    [TermFormat(TermFormat.ErlangSet)] ImmutableHashSet<int> ErlangSet,
    [TermFormat(TermFormat.ElixirStruct)] FrozenSet<int> MapSet,
    Dictionary<string, int> Map,
    [ErlangMap(Keys = MapKeys.Atom)] IReadOnlyDictionary<string, int> Atoms,
    [ErlangProplist] Dictionary<string, Term> Options,
    (int Left, string Right) Pair,
    KeyValuePair<string, int> Entry,
    List<(Atom Key, int Value)> Pairs);

public sealed record Terms(
    Term Any, Atom Atom, Pid Pid, Reference Reference, PortId Port, FunTerm Fun, MapTerm Map, ListTerm List, BitString Bits);

public readonly record struct Money(decimal Amount, string Currency);

public sealed class MoneyConverter : TermConverter<Money>
{
    public override Term ToTerm(Money value) => $"{value.Amount} {value.Currency}" is var text ? Term.Binary(text) : default;

    public override Money FromTerm(Term term)
    {
        if (!term.TryGetBinary(out var bytes))
            throw new TermSerializationException($"expected an amount such as <<\"5 EUR\">>, found {term}");
        var parts = System.Text.Encoding.UTF8.GetString(bytes.Span).Split(' ');
        return new Money(decimal.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts[1]);
    }
}

public sealed class YesNo : TermConverter<bool>
{
    public override Term ToTerm(bool value) => Term.AtomOf(value ? "yes" : "no");

    public override bool FromTerm(Term term) => term.IsAtom("yes");
}

public sealed record Invoice(Money Total, List<Money?> Parts, [TermConverter(typeof(YesNo))] bool Paid, bool Sent);

public sealed class Percent
{
    public Percent(int value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 100);
        Value = value;
    }

    public int Value { get; }
}

public sealed record Answers(Result<int, string> Typed, Result<Atom> Bare);

public struct Mutable
{
    public Mutable() => Limit = 7;

    public int Limit { get; init; }

    public int @Class { get; set; }
}

[TermSerializable(typeof(Order))]
[TermSerializable(typeof(Payment))]
[TermSerializable(typeof(Payment.Deposit))]
[TermSerializable(typeof(IDrawing), Name = "Drawing")]
[TermSerializable(typeof(Animal))]
[TermSerializable(typeof(Point))]
[TermSerializable(typeof(Settings))]
[TermSerializable(typeof(Strict))]
[TermSerializable(typeof(User))]
[TermSerializable(typeof(Tree))]
[TermSerializable(typeof(Page<string>))]
[TermSerializable(typeof(Times))]
[TermSerializable(typeof(Numbers))]
[TermSerializable(typeof(Texts))]
[TermSerializable(typeof(Collections))]
[TermSerializable(typeof(Terms), Name = "AllTerms")]
[TermSerializable(typeof(Invoice))]
[TermSerializable(typeof(Money), Converter = typeof(MoneyConverter))]
[TermSerializable(typeof(Percent))]
[TermSerializable(typeof(Answers))]
[TermSerializable(typeof(Mutable))]
[TermSerializable(typeof(Status))]
[TermSerializable(typeof(Access))]
[TermSerializable(typeof(Level?))]
[TermSerializable(typeof(List<Order>))]
[TermSerializable(typeof(Dictionary<Point, Status>))]
internal sealed partial class SampleTerms : TermSerializerContext;

[TermSerializable(typeof(Order))]
[TermSerializerOptions(
    Null = NullAtom.Nil, Naming = TermNaming.CamelCase, Keys = MapKeys.Binary, UnknownKeys = UnknownKeys.Refuse, OmitNull = true)]
[TermFormat(TermFormat.Charlist)]
internal sealed partial class OtherTerms : TermSerializerContext;
