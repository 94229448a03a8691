using Enmesh.Terms.Serialization;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>What the serializer writes is what Erlang and Elixir take it for, and the other way round.</summary>
[Trait("Ring", "interop")]
public sealed class SerializerTests
{
    private static readonly ParcelTerms Terms = ParcelTerms.Default;
    private static readonly DateTimeOffset Moment = new(2025, 1, 31, 12, 30, 15, 500, TimeSpan.Zero);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Erlang_finds_the_terms_it_would_have_written(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        var parcel = new Parcel(
            7, "häß", [new("A1", 2.5), new("B2", -1)], ParcelState.OnTheWay, null, Moment, TimeSpan.FromSeconds(30),
            new() { ["x"] = 1 });
        await Same(
            node,
            """
            #{id => 7, label => <<"häß"/utf8>>, items => [{item, <<"A1">>, 2.5}, {item, <<"B2">>, -1.0}], state => on_the_way,
              note => undefined, at => {{2025,1,31},{12,30,15}}, wait => 30000, counts => #{<<"x">> => 1}}
            """,
            parcel,
            Terms.Parcel);
        await Same(node, "{ok, stop}", Result.Ok<Command>(new Command.Stop()), Terms.Answer);
        await Same(node, "{error, <<\"no such\">>}", Result.Error("no such"), Terms.Answer);
        await Same(node, "{move, 1, 2}", new Command.Move(1, 2), Terms.Command);
        await Same(node, "[{host, \"a.example\"}, {port, 80}]", new Options("a.example", 80), Terms.Options);
        await Same(node, "-18446744073709551617", -(Int128)ulong.MaxValue - 2, TermTypeInfos.Int128);
        Assert.Equal(
            "{80,\"a.example\"}",
            await node.EvalAsync(
                "L = binary_to_term(In), {proplists:get_value(port, L), proplists:get_value(host, L)}",
                TermSerializer.Encode(new Options("a.example", 80), Terms.Options)));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task What_Erlang_writes_is_read(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        var parcel = await Read(
            node,
            """
            #{label => "häß", id => 7, items => [{item, "A1", 2}], state => delivered, note => nil, extra => self(),
              at => calendar:now_to_universal_time({1738, 326615, 0}), wait => infinity, counts => #{a => 1, <<"b">> => 2}}
            """,
            Terms.Parcel);
        Assert.Equal((7, "häß", ParcelState.Delivered, null), (parcel.Id, parcel.Label, parcel.State, parcel.Note));
        Assert.Equal([new Item("A1", 2)], parcel.Items);
        Assert.Equal((Moment.AddMilliseconds(-500), Timeout.InfiniteTimeSpan), (parcel.At, parcel.Wait));
        Assert.Equal([("a", 1), ("b", 2)], parcel.Counts.Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal(new Command.Stop(), await Read(node, "stop", Terms.Command));
        Assert.Equal("oops", (await Read(node, "{error, oops}", Terms.AtomError)).Error.Text);
        Assert.Equal(
            new Options("h", null),
            await Read(node, "[{host, <<\"h\">>}, {host, \"other\"}, debug_info]", Terms.Options));
        Assert.Equal(
            [1, 2, 300], await Read(node, "lists:seq(1, 2) ++ [300]", TermTypeInfos.List(TermTypeInfos.Int32)));
        Assert.Equal(70_000, (await Read(node, "lists:duplicate(70000, 7)", TermTypeInfos.ByteArray)).Length);
        Assert.Equal([1, 2], (await Read(node, "ordsets:from_list([2, 1])", Terms.Set)).Order());
        if (release >= 24)
            Assert.Equal([1, 2], (await Read(node, "sets:from_list([2, 1], [{version, 2}])", Terms.Set)).Order());
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Elixir_takes_our_structs_for_its_own(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        var instant = TermSerializer.Encode(Moment, TermTypeInfos.DateTimeOffset(TermFormat.ElixirStruct));
        Assert.Equal(
            "true",
            await node.EvalElixirAsync(":erlang.binary_to_term(input) === ~U[2025-01-31 12:30:15.500000Z]", instant));
        var naive = TermSerializer.Encode(Moment.UtcDateTime, TermTypeInfos.DateTime(TermFormat.ElixirNaiveDateTime));
        Assert.Equal(
            "true",
            await node.EvalElixirAsync(":erlang.binary_to_term(input) === ~N[2025-01-31 12:30:15.500000]", naive));
        var date = TermSerializer.Encode(new DateOnly(2025, 1, 31), TermTypeInfos.DateOnly(TermFormat.ElixirStruct));
        Assert.Equal("true", await node.EvalElixirAsync(":erlang.binary_to_term(input) === ~D[2025-01-31]", date));
        var time = TermSerializer.Encode(
            new TimeOnly(12, 30, 15, 250), TermTypeInfos.TimeOnly(TermFormat.ElixirStruct));
        Assert.Equal("true", await node.EvalElixirAsync(":erlang.binary_to_term(input) === ~T[12:30:15.250000]", time));
        var text = TermSerializer.Encode(Moment, TermTypeInfos.DateTimeOffset(TermFormat.Iso8601));
        Assert.Equal(
            "{:ok, ~U[2025-01-31 12:30:15.5Z], 0}",
            await node.EvalElixirAsync("DateTime.from_iso8601(:erlang.binary_to_term(input))", text));
        var set = TermSerializer.Encode([1, 2], Terms.ElixirSet);
        Assert.Equal(
            "{true, [1, 2, 3], true}",
            await node.EvalElixirAsync(
                """
                set = :erlang.binary_to_term(input)
                {MapSet.member?(set, 2), set |> MapSet.union(MapSet.new([3])) |> MapSet.to_list() |> Enum.sort(), MapSet.equal?(set, MapSet.new([2, 1]))}
                """,
                set));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task What_Elixir_writes_is_read(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        var instant = TermTypeInfos.DateTimeOffset();
        Assert.Equal(Moment, await ReadElixir(node, "~U[2025-01-31 12:30:15.5Z]", instant));
        Assert.Equal(Moment, await ReadElixir(node, "~N[2025-01-31 12:30:15.500]", instant));
        Assert.Equal(Moment, await ReadElixir(node, "DateTime.to_iso8601(~U[2025-01-31 12:30:15.5Z])", instant));
        Assert.Equal(new DateOnly(2025, 1, 31), await ReadElixir(node, "~D[2025-01-31]", TermTypeInfos.DateOnly()));
        Assert.Equal(new TimeOnly(12, 30, 15), await ReadElixir(node, "~T[12:30:15]", TermTypeInfos.TimeOnly()));
        Assert.Equal([1, 2], (await ReadElixir(node, "MapSet.new([2, 1])", Terms.Set)).Order());
        Assert.Equal(new Options("a", 1), await ReadElixir(node, "[host: \"a\", port: 1]", Terms.Options));
        Assert.Equal(
            new Profile("Ann", 30),
            await ReadElixir(node, "%{__struct__: Shop.Profile, name: \"Ann\", age: 30}", Terms.Profile));
    }

    private static async Task Same<T>(BeamNode node, string erlang, T value, TermTypeInfo<T> info) => Assert.Equal(
        "true", await node.EvalAsync($"binary_to_term(In) =:= ({erlang})", TermSerializer.Encode(value, info)));

    private static async Task<T> Read<T>(BeamNode node, string erlang, TermTypeInfo<T> info) =>
        TermSerializer.Decode((await node.EvalBytesAsync($"term_to_binary({erlang})")).Span, info);

    private static async Task<T> ReadElixir<T>(BeamNode node, string elixir, TermTypeInfo<T> info)
    {
        var hex = await node.EvalElixirAsync($"Base.encode16(:erlang.term_to_binary({elixir}))");
        return TermSerializer.Decode(Convert.FromHexString(hex.Trim('"')), info);
    }
}

internal sealed record Parcel(
    int Id, string Label, List<Item> Items, ParcelState State, string? Note, DateTimeOffset At, TimeSpan Wait,
    Dictionary<string, int> Counts);

[ErlangTag]
internal sealed record Item(string Sku, double Weight);

internal enum ParcelState
{
    OnTheWay,
    Delivered,
}

internal abstract record Command
{
    [ErlangTag]
    internal sealed record Stop : Command;

    [ErlangTag]
    internal sealed record Move(int X, int Y) : Command;
}

[ErlangProplist]
internal sealed record Options([TermFormat(TermFormat.Charlist)] string Host, int? Port);

[ElixirStruct("Shop.Profile")]
internal sealed record Profile(string Name, int Age);

[TermSerializable(typeof(Parcel))]
[TermSerializable(typeof(Command))]
[TermSerializable(typeof(Options))]
[TermSerializable(typeof(Profile))]
[TermSerializable(typeof(Result<Command, string>), Name = "Answer")]
[TermSerializable(typeof(Result<Enmesh.Terms.Atom>), Name = "AtomError")]
[TermSerializable(typeof(HashSet<int>), Name = "Set")]
internal sealed partial class ParcelTerms : TermSerializerContext
{
    internal TermTypeInfo<HashSet<int>> ElixirSet { get; } =
        TermTypeInfos.Set<HashSet<int>, int>(TermTypeInfos.Int32, items => [.. items], TermFormat.ElixirStruct);
}
