namespace Enmesh.Terms.Text;

/// <summary>Terms as text in Erlang's syntax.</summary>
public static class ErlangText
{
    /// <summary>How long <see cref="Term.ToString"/> gets.</summary>
    internal const int ToStringLength = 1024;

    private static readonly ErlangPrintOptions ToStringOptions =
        new() { Unicode = true, PrintableUnicode = true, LineLength = 0, MaxLength = ToStringLength };

    /// <summary>Prints a term as <c>io_lib:format/2</c> does: with <c>~p</c> unless the options say otherwise.</summary>
    /// <remarks>Terms may be as deep as they like. See docs/terms.md for where releases of Erlang differ.</remarks>
    public static string Print(Term term, ErlangPrintOptions? options = null)
    {
        options ??= ErlangPrintOptions.Pretty;
        var line = new TextBuffer(options.MaxLength);
        var breaksLines = !options.Plain && options.LineLength > 0;
        var printer = new LinePrinter(line, options, takesNotes: breaksLines);
        printer.Print(term);
        return breaksLines ? LineBreaker.Break(line, printer.Nodes, options) : line.ToString();
    }

    /// <summary>What <see cref="Term.ToString"/> gives: one line, which is not too long for a log.</summary>
    internal static string Describe(Term term) => Print(term, ToStringOptions);
}
