using System.Text;
using Enmesh.Terms.Text;
using Enmesh.TestSupport;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

[Trait("Ring", "pure")]
public sealed class ErlangTextPropertyTests
{
    private static readonly ErlangPrintOptions[] Complete =
    [
        ErlangPrintOptions.Pretty, ErlangPrintOptions.PrettyUnicode, ErlangPrintOptions.Write,
        ErlangPrintOptions.WriteUnicode,
        new() { LineLength = 0 }, new() { LineLength = 12 }, new() { LineLength = 40, Column = 30 },
        new() { Strings = false, SortKeys = false },
    ];

    [Fact]
    public void What_is_printed_can_be_read_again() => Prop.ForAll(TermGenerators.Terms, term =>
    {
        foreach (var options in Complete)
            Assert.Equal(term, ErlangText.Parse(ErlangText.Print(term, options)));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(500)));

    [Fact]
    public void Limits_of_depth_and_length_hold() =>
        Prop.ForAll(TermGenerators.Terms, Gen.Choose(16, 200).ToArbitrary(), (term, limit) =>
    {
        foreach (var options in Complete)
        {
            var whole = ErlangText.Print(term, options);
            var text = ErlangText.Print(term, options with { MaxLength = limit });
            Assert.InRange(text.Length, 1, limit);
            Assert.True(whole.Length > limit ? text.Contains("...", StringComparison.Ordinal) : text == whole, text);
            Assert.NotNull(ErlangText.Print(term, options with { Depth = limit % 12, MaxLength = limit }));
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(500)));

    [Fact]
    public void Damaged_text_is_read_or_refused_but_never_worse() => Prop.ForAll(
        TermGenerators.Terms, Gen.Choose(0, int.MaxValue).ToArbitrary(), (term, seed) =>
        {
            var text = new StringBuilder(ErlangText.Print(term, ErlangPrintOptions.PrettyUnicode));
            var random = new Random(seed);
            for (var damage = random.Next(4); damage >= 0 && text.Length > 0; damage--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(4))
                {
                    case 0:
                        text.Remove(at, Math.Min(text.Length - at, random.Next(1, 4)));
                        break;
                    case 1:
                        text.Insert(at, Piece(random));
                        break;
                    case 2:
                        text[at] = (char)random.Next(0x10000);
                        break;
                    default:
                        text.Length = at;
                        break;
                }
            }
            ReadOrRefuse(text.ToString());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(3000)));

    [Fact]
    public void Random_text_is_read_or_refused_but_never_worse()
    {
        var random = new Random(20);
        for (var i = 0; i < RandomTests.Count(20_000); i++)
            ReadOrRefuse(string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => Piece(random))));
    }

    private static void ReadOrRefuse(string text)
    {
        try
        {
            ErlangText.Consult(text, new() { MaxBinaryBytes = 1 << 20, LocalNode = new LocalNode(Atoms.Ok, 1) });
        }
        catch (TermSyntaxException e)
        {
            Assert.InRange(e.Offset, 0, text.Length);
        }
    }

    private static string Piece(Random random)
    {
        string[] pieces =
        [
            "[", "]", "{", "}", "#{", "=>", "<<", ">>", "(", ")", ",", "|", ".", ":", "/", "-", "+", "'", "\"",
            "\"\"\"", "\n", " ", "%",
            "$", "\\", "\\x{", "}", "16#", "1", "0", "_", "1.5", "e", "#e", "fun ", "a", "B", "binary", "utf8", "unit",
            "~", "~b", "#Pid<", "#Ref<",
            "#Port<", "<0.", "#Fun<", "a@b ", "/1>", ":=", "#", "=", "\uD800", "😀", "\uFFFE", "\0", "é", "maybe",
            "99999999999", "signed", "little",
        ];
        return pieces[random.Next(pieces.Length)];
    }
}
