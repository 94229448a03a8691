using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>
/// The module <c>io</c>, as far as it prints: on the device given, else on the group leader, which is the caller's.
/// </summary>
internal static class IoBuiltIns
{
    private static readonly Atom Format = new("format");
    private static readonly Atom IoLibModule = new("io_lib");

    internal static IEnumerable<BuiltInModule> Of() =>
    [
        Printer("format", "format"), Printer("fwrite", "format"),
        new BuiltInModule("io")
            .Add("put_chars", 1, "Prints chardata.", (context, arguments) => PutAsync(context, null, arguments[0]))
            .Add("put_chars", 2, "The same, on a device.",
                (context, arguments) => PutAsync(context, arguments[0], arguments[1]))
            .Add("nl", 0, "Prints the end of a line.", (context, _) => PutAsync(context, null, Term.CharList("\n")))
            .Add("nl", 1, "The same, on a device.",
                (context, arguments) => PutAsync(context, arguments[0], Term.CharList("\n")))
            .Add("write", 1, "Prints a term as `~w`.",
                (context, arguments) => FormatAsync(context, null, Term.CharList("~w"), Term.List(arguments[0])))
            .Add("columns", 0, "The width of the device.",
                (context, _) => context.IoRequestAsync(Term.Tuple(new Atom("get_geometry"), new Atom("columns"))))
            .Add("rows", 0, "Its height.",
                (context, _) => context.IoRequestAsync(Term.Tuple(new Atom("get_geometry"), new Atom("rows")))),
    ];

    internal static async ValueTask<Term> PutAsync(ProcessContext context, Term? device, Term chars) =>
        Checked(await context.IoRequestAsync(
            Term.Tuple(PutCharsAtom, UnicodeAtom, chars), DeviceOf(context, device)).ConfigureAwait(false));

    private static BuiltInModule Printer(string function, string meaning) => new BuiltInModule("io")
        .Add(function, 1, $"Prints a {meaning}.",
            (context, arguments) => FormatAsync(context, null, arguments[0], Term.Nil))
        .Add(function, 2, $"Prints a {meaning} with its arguments.",
            (context, arguments) => FormatAsync(context, null, arguments[0], arguments[1]))
        .Add(function, 3, "The same, on a device.",
            (context, arguments) => FormatAsync(context, arguments[0], arguments[1], arguments[2]));

    private static Atom PutCharsAtom { get; } = new("put_chars");

    private static Atom UnicodeAtom { get; } = new("unicode");

    private static async ValueTask<Term> FormatAsync(
        ProcessContext context, Term? device, Term format, Term arguments) =>
        Checked(await context.IoRequestAsync(
            Term.Tuple(PutCharsAtom, UnicodeAtom, IoLibModule, Format, Term.List(format, arguments)), DeviceOf(
                context, device)).ConfigureAwait(false));

    // A device that says error has not understood what it was to print.
    private static Term Checked(Term reply) => reply.IsAtom(Atoms.Ok) ? reply : throw ErlangException.BadArgument();

    private static ProcessAddress? DeviceOf(ProcessContext context, Term? device) => device switch
    {
        null or { AtomText: "standard_io" } => null,
        { Pid: { } pid } => pid,
        { AtomText: "standard_error" } => UserProcess.Name,
        { Atom: { } name } => name,
        _ => throw ErlangException.BadArgument(),
    };
}
