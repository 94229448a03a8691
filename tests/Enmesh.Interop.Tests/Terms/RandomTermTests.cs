using System.Buffers.Binary;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Order;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Terms;

/// <summary>Random terms through a real Erlang and back, compared by both sides.</summary>
[Trait("Ring", "interop")]
public sealed class RandomTermTests
{
    private const int BatchSize = 500;
    private const int Depth = 4;

    // In: length:32, external format, and so on. Each function answers with one binary.
    private const string Module = """
        -module(term_check).
        -export([there_and_back/1, same/1, compare/1, sort/1]).

        items(<<>>) -> [];
        items(<<Size:32, Item:Size/binary, Rest/binary>>) -> [binary_to_term(Item) | items(Rest)].

        pairs([A, B | Rest]) -> [{A, B} | pairs(Rest)];
        pairs([]) -> [].

        out(Terms) -> [begin B = term_to_binary(T), <<(byte_size(B)):32, B/binary>> end || T <- Terms].

        there_and_back(In) -> out(items(In)).

        same(In) -> [case A =:= B of true -> 1; false -> 0 end || {A, B} <- pairs(items(In))].

        compare(In) ->
            [[if A < B -> 0; A == B -> 1; true -> 2 end, case A =:= B of true -> 1; false -> 0 end]
             || {A, B} <- pairs(items(In))].

        sort(In) -> out(lists:sort(items(In))).
        """;

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Terms_come_back_from_a_node_as_they_went(int release)
    {
        await using var nodes = new Nodes(release);
        var seed = 0;
        for (var batch = 0; batch < RandomTests.Count(6); batch++)
        {
            Term[] terms = [.. Enumerable.Range(0, BatchSize).Select(_ => For(release, seed++).Next(Depth))];
            var back = Unpack(await nodes.CallAsync("there_and_back", terms));
            Assert.Equal(terms.Length, back.Count);
            for (var i = 0; i < terms.Length; i++)
                Assert.True(terms[i] == back[i], $"Seed {seed - BatchSize + i}: {terms[i]} came back as {back[i]}.");

            // What we make of the node's bytes has to be what the node had, by its own word.
            Term[] pairs = [.. terms.Zip(back, (a, b) => new[] { a, b }).SelectMany(pair => pair)];
            var same = await nodes.CallAsync("same", pairs);
            Assert.Equal(terms.Length, same.Length);
            for (var i = 0; i < terms.Length; i++)
            {
                var what = $"Seed {seed - BatchSize + i}: {terms[i]} came back as another term by the node's own word.";
                Assert.True(same.Span[i] == 1, what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nodes_and_we_agree_on_order_and_both_equalities(int release)
    {
        await using var nodes = new Nodes(release);
        var seed = 1_000_000;
        for (var batch = 0; batch < RandomTests.Count(5); batch++)
        {
            var terms = new Term[2 * BatchSize];
            for (var i = 0; i < terms.Length; i += 2)
            {
                var random = For(release, seed++, toOrder: true);
                terms[i] = random.Next(Depth);
                terms[i + 1] = random.Like(terms[i]);
            }
            var answers = (await nodes.CallAsync("compare", terms)).ToArray();
            Assert.Equal(terms.Length, answers.Length);
            for (var i = 0; i < terms.Length; i += 2)
            {
                var what = $"Seed {seed - BatchSize + (i / 2)}: {terms[i]} and {terms[i + 1]}";
                Assert.True(Math.Sign(TermOrder.Compare(terms[i], terms[i + 1])) == answers[i] - 1, what);
                Assert.True((terms[i] == terms[i + 1]) == (answers[i + 1] == 1), what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nodes_and_we_sort_alike(int release)
    {
        await using var nodes = new Nodes(release);
        var random = For(release, 7, toOrder: true);
        for (var batch = 0; batch < RandomTests.Count(2); batch++)
        {
            Term[] terms = [.. Enumerable.Range(0, BatchSize).Select(i => random.Next(i % Depth))];
            var theirs = Unpack(await nodes.CallAsync("sort", terms));
            List<Term> ours = [.. terms.Order(TermOrder.Comparer)];
            Assert.Equal(ours.Count, theirs.Count);
            for (var i = 0; i < ours.Count; i++)
                Assert.True(
                    TermOrder.AreEqual(ours[i], theirs[i]), $"Batch {batch}, {i}: {ours[i]} here, {theirs[i]} there");
        }
    }

    private static RandomTerms For(int release, int seed, bool toOrder = false) => new(seed)
    {
        HasMapsWithinKeys = release switch { < 25 => false, 25 => true, _ => !toOrder },
        HasRecords = release >= 29,
        HasWideIdentifiers = release >= 25,
        HasNegativeZero = release >= 27,
        HasReferencesOfOneWord = release >= 27,
        HasLocalFuns = true,
    };

    private static byte[] Pack(IReadOnlyList<Term> terms)
    {
        using var output = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var term in terms)
        {
            var bytes = ExternalTermFormat.Encode(term);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            output.Write(length);
            output.Write(bytes);
        }
        return output.ToArray();
    }

    private static List<Term> Unpack(ReadOnlyMemory<byte> bytes)
    {
        var terms = new List<Term>();
        for (var rest = bytes.Span; !rest.IsEmpty;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            terms.Add(ExternalTermFormat.Decode(rest.Slice(sizeof(int), length)));
            rest = rest[(sizeof(int) + length)..];
        }
        return terms;
    }

    /// <summary>
    /// A node that has the module, and another one after so many calls: a node never forgets an atom or an external
    /// fun, and with --long it would run out of room for them.
    /// </summary>
    private sealed class Nodes(int release) : IAsyncDisposable
    {
        private const int CallsToEach = 100;

        private BeamNode? _node;
        private int _calls;

        public async ValueTask DisposeAsync()
        {
            if (_node is not null)
                await _node.DisposeAsync();
        }

        internal async Task<ReadOnlyMemory<byte>> CallAsync(string function, IReadOnlyList<Term> terms)
        {
            if (_calls++ % CallsToEach == 0)
            {
                await DisposeAsync();
                _node = await BeamNode.StartAsync(release, new() { Distributed = false });
                await _node.LoadModuleAsync("term_check", Module);
            }
            return await _node!.EvalBytesAsync($"term_check:{function}(In)", Pack(terms));
        }
    }
}
