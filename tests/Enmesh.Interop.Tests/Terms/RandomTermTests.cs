using System.Buffers.Binary;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Order;
using Enmesh.Testing;
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
            [[if A < B -> 0; A == B -> 1; true -> 2 end, case A =:= B of true -> 1; false -> 0 end] || {A, B} <- pairs(items(In))].

        sort(In) -> out(lists:sort(items(In))).
        """;

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Terms_come_back_from_a_node_as_they_went(int release)
    {
        await using var node = await StartAsync(release);
        var seed = 0;
        for (var batch = 0; batch < RandomTests.Count(6); batch++)
        {
            Term[] terms = [.. Enumerable.Range(0, BatchSize).Select(_ => For(release, seed++).Next(Depth))];
            var back = Unpack(await node.EvalBytesAsync("term_check:there_and_back(In)", Pack(terms)));
            Assert.Equal(terms.Length, back.Count);
            for (var i = 0; i < terms.Length; i++)
                Assert.True(terms[i] == back[i], $"Seed {seed - BatchSize + i}: {terms[i]} came back as {back[i]}.");

            // What we make of the node's bytes has to be what the node had, by its own word.
            var same = await node.EvalBytesAsync("term_check:same(In)", Pack([.. terms.Zip(back, (a, b) => new[] { a, b }).SelectMany(pair => pair)]));
            Assert.Equal(terms.Length, same.Length);
            for (var i = 0; i < terms.Length; i++)
                Assert.True(same.Span[i] == 1, $"Seed {seed - BatchSize + i}: {terms[i]} came back as another term by the node's own word.");
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nodes_and_we_agree_on_order_and_both_equalities(int release)
    {
        await using var node = await StartAsync(release);
        var seed = 1_000_000;
        for (var batch = 0; batch < RandomTests.Count(5); batch++)
        {
            var terms = new Term[2 * BatchSize];
            for (var i = 0; i < terms.Length; i += 2)
            {
                var random = For(release, seed++);
                terms[i] = random.Next(Depth);
                terms[i + 1] = random.Like(terms[i]);
            }
            var answers = (await node.EvalBytesAsync("term_check:compare(In)", Pack(terms))).ToArray();
            Assert.Equal(terms.Length, answers.Length);
            for (var i = 0; i < terms.Length; i += 2)
            {
                var what = $"{terms[i]} and {terms[i + 1]}";
                Assert.True(Math.Sign(TermOrder.Compare(terms[i], terms[i + 1])) == answers[i] - 1, what);
                Assert.True((terms[i] == terms[i + 1]) == (answers[i + 1] == 1), what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Nodes_and_we_sort_alike(int release)
    {
        await using var node = await StartAsync(release);
        var random = For(release, 7);
        for (var batch = 0; batch < RandomTests.Count(2); batch++)
        {
            Term[] terms = [.. Enumerable.Range(0, BatchSize).Select(i => random.Next(i % Depth))];
            var theirs = Unpack(await node.EvalBytesAsync("term_check:sort(In)", Pack(terms)));
            List<Term> ours = [.. terms.Order(TermOrder.Comparer)];
            Assert.Equal(ours.Count, theirs.Count);
            for (var i = 0; i < ours.Count; i++)
                Assert.True(TermOrder.AreEqual(ours[i], theirs[i]), $"{i}: {ours[i]} here, {theirs[i]} there");
        }
    }

    private static async Task<BeamNode> StartAsync(int release)
    {
        var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        await node.LoadModuleAsync("term_check", Module);
        return node;
    }

    private static RandomTerms For(int release, int seed) => new(seed)
    {
        HasRecords = release >= 29,
        HasWideIdentifiers = release >= 25,
        HasNegativeZero = release >= 27,
        HasOddKeysInLargeMaps = release >= 27,
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
}
