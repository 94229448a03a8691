using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Text;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests;

/// <summary>
/// Random terms as text: ours is Erlang's and Elixir's to the last character, and each side reads the other's.
/// </summary>
[Trait("Ring", "interop")]
public sealed class TextTests
{
    private const int Batch = 250;

    private static readonly string[] Formats =
        ["~w", "~tw", "~p", "~tp", "~lp", "~0p", "~20p", "~40tp", "~120p", "~60.20p", "~W4", "~P2", "~P9", "~tP5", "~30P12"];

    private static readonly string[] Ways =
        ["no charlists", "no charlists pretty", "no charlists pretty 30", "no charlists limit 4", "unlimited no charlists", "", "pretty", "printable 5"];

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Erlang_prints_the_same(int release)
    {
        foreach (var unicode in (bool[])[true, false])
        {
            await using var node = await BeamNode.StartAsync(
                release, new() { Distributed = false, Arguments = ["+pc", unicode ? "unicode" : "latin1"] });
            await ForAllAsync(release, async terms =>
            {
                var texts = await AskAsync(
                    node,
                    """
                    {Formats, Terms} = binary_to_term(In),
                    K = case list_to_integer(erlang:system_info(otp_release)) of V when V >= 26 -> "k"; _ -> "" end,
                    term_to_binary([[unicode:characters_to_binary(io_lib:format("~" ++ M ++ K ++ C, [T | D])) || {M, C, D} <- Formats] || T <- Terms])
                    """,
                    Term.Tuple(Term.List([.. Formats.Select(ControlSequence)]), Term.List(terms)));
                foreach (var (term, printed) in terms.Zip(texts))
                    CompareErlang(term, printed, unicode, release);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Erlang_reads_what_we_print(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        ErlangPrintOptions[] all = [ErlangPrintOptions.Pretty, ErlangPrintOptions.PrettyUnicode, ErlangPrintOptions.Write, new() { LineLength = 15 }];
        await ForAllAsync(release, hasRecords: false, check: async terms =>
        {
            var pairs = terms.SelectMany(
                term => all.Select(options => Term.Tuple(term, Term.Binary(ErlangText.Print(term, options)))));
            var misread = await AskAsync(
                node,
                """
                Read = fun(Text) ->
                    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text) ++ "."),
                    {ok, Term} = erl_parse:parse_term(Tokens),
                    Term
                end,
                term_to_binary([Text || {Term, Text} <- binary_to_term(In), (catch Read(Text)) =/= Term])
                """,
                Term.List([.. pairs]));
            Assert.True(misread.Length == 0, $"Erlang misreads {misread.FirstOrDefault()}");
        });
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Elixir_inspects_the_same(int release)
    {
        await using var node = await BeamNode.StartAsync(release, new() { Distributed = false });
        var elixir = Version.Parse((await node.EvalElixirAsync("System.version()")).Trim('"'));
        // Elixir takes the Latin-1 text of a record for UTF-8.
        await ForAllAsync(release, hasRecords: false, check: async terms =>
        {
            var texts = await AskAsync(
                node,
                """
                {Ways, Terms} = binary_to_term(In),
                Options = [{custom_options, [{sort_maps, true}]}],
                term_to_binary([['Elixir.Kernel':inspect(T, Way ++ Options) || Way <- Ways] || T <- Terms])
                """,
                Term.Tuple(Term.List([.. Ways.Select(ElixirOptions)]), Term.List(terms)));
            foreach (var (term, printed) in terms.Zip(texts))
                CompareElixir(term, printed, elixir);
        });
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_node_prints_what_is_its_own_as_we_do(int release)
    {
        await using var node = await BeamNode.StartAsync(release);
        var answer = await node.EvalBytesAsync(
            """
            Own = [self(), make_ref(), hd(erlang:ports()), whereis(init), fun lists:map/2, fun(X) -> X end, fun() -> In end],
            term_to_binary({Own, unicode:characters_to_binary(io_lib:format("~w", [Own])), unicode:characters_to_binary(io_lib:format("~p", [Own]))})
            """);
        var elements = ExternalTermFormat.Decode(answer.Span).TupleElements.ToArray();
        var own = elements[0].AsList!.Value;
        var local = new LocalNode(own[0].Pid!.Node, own[0].Pid!.Creation);
        Assert.Equal(node.Name, local.Name.Text);
        Assert.Equal(
            TextOf(elements[1]), ErlangText.Print(elements[0], ErlangPrintOptions.Write with { LocalNode = local }));
        Assert.Equal(TextOf(elements[2]), ErlangText.Print(elements[0], new() { LocalNode = local }));
        foreach (var identifier in own.Take(5))
            Assert.Equal(
                identifier,
                ErlangText.Parse(
                    ErlangText.Print(identifier, new() { LocalNode = local }), new() { LocalNode = local }));
    }

    private static void CompareErlang(Term term, Term printed, bool unicode, int release)
    {
        // Words that OTP 27 reserved are printed with quotes since then.
        var hasNewWords = release < 27
            && ErlangText.Print(term, ErlangPrintOptions.Write).Contains("'maybe'", StringComparison.Ordinal);
        for (var i = 0; i < Formats.Length && !hasNewWords; i++)
        {
            // Up to OTP 27 what comes after the first character that cannot be printed still decides what counts as
            // UTF-8.
            if (release < 28 && (Formats[i].StartsWith("~tP", StringComparison.Ordinal) || (!unicode && Formats[i].EndsWith("tp", StringComparison.Ordinal))))
                continue;
            var expected = TextOf(printed.AsList!.Value[i]);
            Same(expected, ErlangText.Print(term, TextFormats.Erlang(Formats[i], unicode)), Formats[i], term);
            if (Formats[i] is "~w" or "~tw" or "~p" or "~tp")
                Assert.Equal(term, ErlangText.Parse(expected));
        }
    }

    private static void CompareElixir(Term term, Term printed, Version elixir)
    {
        for (var i = 0; i < Ways.Length; i++)
        {
            var expected = TextOf(printed.AsList!.Value[i]);
            // Elixir 1.14 has other charlists and escapes, and does not sort maps.
            if (elixir < new Version(1, 15)
                && (!Ways[i].Contains("charlists", StringComparison.Ordinal) || !Ascii.IsValid(expected) || expected.Contains("%{", StringComparison.Ordinal)))
            {
                continue;
            }
            Same(expected, ElixirText.Inspect(term, TextFormats.Elixir(Ways[i], elixir)), Ways[i], term);
        }
    }

    private static void Same(string expected, string actual, string way, Term term) =>
        Assert.True(expected == actual, $"{way} of {ErlangText.Print(term, ErlangPrintOptions.WriteUnicode)}\nExpected:\n{expected}\nActual:\n{actual}");

    private static Task ForAllAsync(int release, Func<Term[], Task> check) =>
        ForAllAsync(release, release >= 29, check);

    private static async Task ForAllAsync(int release, bool hasRecords, Func<Term[], Task> check)
    {
        for (var i = 0; i < RandomTests.Count(8); i++)
        {
            var seed = Random.Shared.Next();
            // OTP 23 does not always find the shortest text of a float, and writes large ones without an exponent.
            var random = new RandomTerms(seed)
            {
                HasRecords = hasRecords,
                HasIdentifiers = false,
                HasOddFuns = false,
                HasNegativeZero = release >= 27,
                HasOddFloats = release >= 25,
                HasLargeMaps = false,
                // From OTP 26 on maps are printed in the order of their keys.
                HasMapsWithinKeys = release < 26,
            };
            try
            {
                await check([.. Enumerable.Range(0, Batch).Select(n => random.Next(n % 5))]);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // So that it can be repeated.
                throw new InvalidOperationException($"OTP {release}, seed {seed}: {e.Message}", e);
            }
        }
    }

    private static async Task<Term[]> AskAsync(BeamNode node, string expressions, Term input)
    {
        var answer = await node.EvalBytesAsync(expressions, ExternalTermFormat.Encode(input), TimeSpan.FromMinutes(2));
        return [.. ExternalTermFormat.Decode(answer.Span).AsList!.Value];
    }

    private static string TextOf(Term binary) =>
        binary.TryGetBinary(out var bytes)
            ? Encoding.UTF8.GetString(bytes.Span)
            : throw new InvalidOperationException("No binary.");

    // "~60.20tp" as {"60.20t","p",[]}, "~P9" as {"","P",[9]}
    private static Term ControlSequence(string format)
    {
        var depth = format.AsSpan(format.LastIndexOfAny(['w', 'p', 'W', 'P']) + 1);
        var at = format.Length - depth.Length - 1;
        return Term.Tuple(
            Term.CharList(format[1..at]),
            Term.CharList(format[at].ToString()),
            depth.IsEmpty ? Term.Nil : Term.List(int.Parse(depth, System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static Term ElixirOptions(string way)
    {
        var options = TextFormats.Elixir(way, new Version(1, 18));
        var all = new List<(string Name, Term Value)> { ("pretty", options.Pretty), ("width", options.Width) };
        if (way.Contains("limit", StringComparison.Ordinal))
            all.Add(("limit", options.Limit is { } limit ? limit : Term.AtomOf("infinity")));
        if (options.PrintableLimit != 4096)
            all.Add(("printable_limit", options.PrintableLimit is { } most ? most : Term.AtomOf("infinity")));
        if (!options.Charlists)
            all.Add(("charlists", Term.AtomOf("as_lists")));
        return Term.List([.. all.Select(option => Term.Tuple(Term.AtomOf(option.Name), option.Value))]);
    }
}
