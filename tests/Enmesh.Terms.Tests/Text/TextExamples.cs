using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Terms.Tests.Text;

/// <summary>The example of <c>docs/terms.md</c>, run.</summary>
[Trait("Ring", "pure")]
public sealed class TextExamples
{
    [Fact]
    public void Text_is_read_and_printed_as_shown()
    {
        var term = ErlangText.Parse("{ok, [1, 2.5], <<\"x\">>}");
        var all = ErlangText.Consult(File.ReadAllText("sys.config"));        // as file:consult/1
        var p = ErlangText.Print(term);                                      // ~p
        var tp = ErlangText.Print(term, ErlangPrintOptions.PrettyUnicode);   // ~tp with +pc unicode
        var w = ErlangText.Print(term, new() { Plain = true, Depth = 9 });   // ~W with depth 9
        var inspected = ElixirText.Inspect(term, new() { Pretty = true });   // inspect(term, pretty: true)

        Assert.Equal("[{kernel,[{logger_level,info}]}]", all.Single().ToString());
        Assert.Equal("{ok,[1,2.5],<<\"x\">>}", p);
        Assert.Equal(p, tp);
        Assert.Equal("{ok,[1,2.5],<<120>>}", w);
        Assert.Equal("{:ok, [1, 2.5], \"x\"}", inspected);
    }

    // As a program has one beside it.
    private static class File
    {
        internal static string ReadAllText(string path) =>
            path == "sys.config" ? "[{kernel, [{logger_level, info}]}]." : throw new FileNotFoundException(path);
    }
}
