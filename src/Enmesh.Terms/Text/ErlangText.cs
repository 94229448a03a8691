namespace Enmesh.Terms.Text;

/// <summary>Terms as text in Erlang's syntax.</summary>
public static class ErlangText
{
    /// <summary>How long <see cref="Term.ToString"/> gets.</summary>
    internal const int ToStringLength = 1024;

    private static readonly ErlangPrintOptions ToStringOptions =
        new() { Unicode = true, PrintableUnicode = true, LineLength = 0, MaxLength = ToStringLength };

    /// <summary>
    /// Prints a term as <c>io_lib:format/2</c> does: with <c>~p</c> unless the options say otherwise.
    /// </summary>
    /// <remarks>Terms may be as deep as they like. See docs/terms.md for where releases of Erlang differ.</remarks>
    public static string Print(Term term, ErlangPrintOptions? options = null)
    {
        options ??= ErlangPrintOptions.Pretty;
        var breaksLines = !options.Plain && options.LineLength > 0;
        var line = new TextBuffer(options.MaxLength);
        var printer = new LinePrinter(line, options, breaksLines, leavesOut: false);
        printer.Print(term);
        if (line.IsCut)
        {
            line = new TextBuffer(options.MaxLength);
            printer = new LinePrinter(line, options, breaksLines, leavesOut: true);
            printer.Print(term);
        }
        return breaksLines ? LineBreaker.Break(line, printer.Nodes, options) : line.ToString();
    }

    /// <summary>
    /// Prints as <c>io_lib:format/2</c> does: <c>Format("~s has ~b members: ~p~n", name, count, members)</c>.
    /// </summary>
    /// <exception cref="FormatException">The format or an argument is wrong, or the text is too long; what Erlang calls
    /// <c>badarg</c>.</exception>
    /// <remarks>
    /// All control sequences and modifiers are there, save <c>~K</c> with a fun. As in Erlang, <c>~p</c> breaks lines
    /// by where it begins, <c>~s</c> takes characters up to 255 and <c>~ts</c> all.
    /// </remarks>
    public static string Format(string format, params ReadOnlySpan<Term> arguments) =>
        Format(format, Term.List(arguments).AsList!.Value);

    /// <inheritdoc cref="Format(string, ReadOnlySpan{Term})"/>
    public static string Format(string format, ListTerm arguments, ErlangFormatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(format);
        return new ErlangFormatter(options ?? ErlangFormatOptions.Default).Run(new FormatScanner(format, arguments));
    }

    /// <summary>The same for a format and arguments out of a message.</summary>
    /// <exception cref="FormatException">They are wrong, or the text is too long.</exception>
    internal static string Format(Term format, Term arguments, ErlangFormatOptions? options = null)
    {
        var list = arguments.AsList ?? throw new FormatException("The arguments are no list.");
        return new ErlangFormatter(options ?? ErlangFormatOptions.Default).Run(new FormatScanner(format, list));
    }

    /// <summary>Reads a term. A dot may follow it, and comments and blanks may stand around it.</summary>
    /// <exception cref="TermSyntaxException">The text is no term; the exception says where, and what was
    /// expected.</exception>
    /// <remarks>
    /// Accepted is what <c>erl_parse:parse_term/1</c> of OTP 28 and later accepts, and in addition the identifiers and
    /// records that <see cref="Print"/> prints in full.
    /// </remarks>
    public static Term Parse(string text, ErlangParseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ErlangParser(text, options ?? ErlangParseOptions.Default).ReadTerm(needsDot: false);
    }

    /// <summary>Reads terms that each end in a dot, as <c>file:consult/1</c> does.</summary>
    /// <exception cref="TermSyntaxException">The text is no such thing; the exception says where, and what was
    /// expected.</exception>
    public static IReadOnlyList<Term> Consult(string text, ErlangParseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parser = new ErlangParser(text, options ?? ErlangParseOptions.Default);
        var terms = new List<Term>();
        while (!parser.IsAtEnd)
            terms.Add(parser.ReadTerm(needsDot: true));
        return terms;
    }

    /// <summary>What <see cref="Term.ToString"/> gives: one line, which is not too long for a log.</summary>
    internal static string Describe(Term term) => Print(term, ToStringOptions);
}
