using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Services;

/// <summary>
/// What an IO device answers: the I/O protocol of the Erlang documentation, for one that can write and has nothing to
/// read.
/// </summary>
/// <remarks>A device is a value: a request makes an answer, a text to write, and perhaps other settings.</remarks>
internal sealed class IoRequests(ErlangFormatOptions format, Func<(int Columns, int Rows)?> geometry)
{
    // Requests within requests; nobody nests them.
    private const int MostNested = 8;

    private static readonly Atom Unicode = new("unicode");
    private static readonly Atom Latin1 = new("latin1");
    private static readonly Atom Eof = new("eof");
    private static readonly Atom Request = new("request");
    private static readonly Atom NotSup = new("enotsup");
    private static readonly Atom Binary = new("binary");
    private static readonly Atom ListAtom = new("list");
    private static readonly Atom EncodingAtom = new("encoding");
    private static readonly Atom PutChars = new("put_chars");

    private bool _binary;
    private Atom _encoding = Unicode;

    /// <summary>Recognises <c>{io_request, From, ReplyAs, Request}</c>.</summary>
    internal static bool TryRead(Term message, out Pid from, out Term replyAs, out Term request)
    {
        (from, replyAs, request) = (null!, default, default);
        if (message.TupleElements is not [{ AtomText: "io_request" }, { Pid: { } sender }, var tag, var wanted])
            return false;
        (from, replyAs, request) = (sender, tag, wanted);
        return true;
    }

    /// <summary><c>{io_reply, ReplyAs, Reply}</c></summary>
    internal static Term Reply(Term replyAs, Term reply) => Term.Tuple(IoReply, replyAs, reply);

    internal static Atom IoReply { get; } = new("io_reply");

    /// <summary>The reply to a request. What is to be written is appended to the text.</summary>
    internal Term Handle(Term request, System.Text.StringBuilder text) => Handle(request, text, MostNested);

    private Term Handle(Term request, System.Text.StringBuilder text, int nested)
    {
        if (request.IsAtom("getopts"))
            return Options();
        if (request.TupleElements is not [{ Atom: { } kind }, .. var rest])
            return Error(Request);
        return (kind.Text, rest.ToArray()) switch
        {
            // Without an encoding, as before there was Unicode: Latin-1.
            ("put_chars", [var chars]) => Write(Latin1, chars, text),
            ("put_chars", [{ Atom: { } encoding }, var chars]) => Write(encoding, chars, text),
            ("put_chars", [{ Atom: { } module }, { Atom: { } function }, var arguments]) =>
                Write(Latin1, module, function, arguments, text),
            ("put_chars", [{ Atom: { } encoding }, { Atom: { } module }, { Atom: { } function }, var arguments]) =>
                Write(encoding, module, function, arguments, text),
            ("get_line" or "get_chars" or "get_until", _) => Eof,
            ("get_password", _) => Error(NotSup),
            ("setopts", [{ AsList: { IsProper: true } options }]) => Set(options),
            ("get_geometry", [{ AtomText: "columns" }]) => geometry() is { } size ? size.Columns : Error(NotSup),
            ("get_geometry", [{ AtomText: "rows" }]) => geometry() is { } size ? size.Rows : Error(NotSup),
            ("requests", [{ AsList: { IsProper: true } requests }]) when nested > 0 =>
                HandleAll(requests, text, nested - 1),
            _ => Error(Request),
        };
    }

    // One after the other, up to the first that fails; the last answer counts.
    private Term HandleAll(ListTerm requests, System.Text.StringBuilder text, int nested)
    {
        Term reply = Atoms.Ok;
        foreach (var request in requests)
        {
            reply = Handle(request, text, nested);
            if (reply.TupleElements is [{ Atom: { } tag }, _] && tag == Atoms.Error)
                break;
        }
        return reply;
    }

    private static Term Write(Atom encoding, Term chars, System.Text.StringBuilder text)
    {
        if (encoding != Unicode && encoding != Latin1)
            return Error(Request);
        if (!CharData.TryGetText(chars, encoding == Unicode ? CharEncoding.Utf8 : CharEncoding.Latin1, out var written))
            return Error(Term.Tuple(PutChars, encoding, chars));
        text.Append(written);
        return Atoms.Ok;
    }

    private Term Write(Atom encoding, Atom module, Atom function, Term arguments, System.Text.StringBuilder text)
    {
        if (encoding != Unicode && encoding != Latin1)
            return Error(Request);
        if (IoLib.TryCall(module, function, arguments, format) is not { } written)
            return Error(function);
        if (!CharData.IsWellFormed(written)
            || (encoding == Latin1 && written.AsSpan().ContainsAnyExceptInRange('\0', '\u00FF')))
            return Error(Term.Tuple(PutChars, encoding, Term.CharList(written)));
        text.Append(written);
        return Atoms.Ok;
    }

    private Term Options()
    {
        var isTerminal = geometry() is not null;
        return Term.List(
            Option("expand_fun", false), Option("echo", false), Option("binary", _binary),
            Option("encoding", _encoding), Option("terminal", isTerminal), Option("stdout", isTerminal),
            Option("stderr", isTerminal), Option("stdin", false));
    }

    private Term Set(ListTerm options)
    {
        var (binary, encoding) = (_binary, _encoding);
        foreach (var option in options)
        {
            if (option.IsAtom(Binary) || option.IsAtom(ListAtom))
                binary = option.IsAtom(Binary);
            else if (option.TupleElements is not [{ Atom: { } key }, var value])
                return Error(NotSup);
            else if (key == Binary && value.Boolean is { } wanted)
                binary = wanted;
            else if (key == EncodingAtom && value.Atom is { } name
                && (name == Unicode || name == Latin1 || name.Text == "utf8"))
                encoding = name == Latin1 ? Latin1 : Unicode;
            else if (key.Text is not ("echo" or "expand_fun" or "log" or "line_history"))
                return Error(NotSup); // what is of no account without input is taken as it comes
        }
        (_binary, _encoding) = (binary, encoding);
        return Atoms.Ok;
    }

    private static Term Option(string key, Term value) => Term.Tuple(new Atom(key), value);

    private static Term Error(Term reason) => Term.Tuple(Atoms.Error, reason);
}

/// <summary>The functions of <c>io_lib</c> that IO requests name, since the device is to do the formatting.</summary>
internal static class IoLib
{
    /// <summary>The text that a function makes; null when there is none such, or it fails.</summary>
    internal static string? TryCall(Atom module, Atom function, Term arguments, ErlangFormatOptions options)
    {
        if (module.Text != "io_lib" || arguments.AsList is not { IsProper: true } list)
            return null;
        try
        {
            return (function.Text, list.Count) switch
            {
                ("format" or "fwrite", 2 or 3) => ErlangText.Format(list[0], list[1], options),
                ("format" or "fwrite", 1) => ErlangText.Format(list[0], Term.Nil, options),
                ("write", 1) => ErlangText.Format("~w", list, options),
                ("print", 1) => ErlangText.Format("~p", list, options),
                ("nl", 0) => "\n",
                _ => null,
            };
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
