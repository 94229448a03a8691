using System.Globalization;
using Enmesh.Terms;

namespace Enmesh.Processes;

/// <summary>
/// The stack of a .NET exception as Erlang has stacks: <c>[{Module, Function, Arity, [{file, F}, {line, L}]}]</c>.
/// </summary>
/// <remarks>The text of the stack is what there is without reflection, which trimming would break.</remarks>
internal static class StackTerms
{
    private const int MostFrames = 20;

    private static readonly Atom FileAtom = new("file");
    private static readonly Atom LineAtom = new("line");

    /// <summary>The frames, innermost first.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="outermost">The beginning of the first method that is no longer of interest.</param>
    /// <param name="last">A frame that stands for what lies further out.</param>
    /// <param name="passed">What methods between are called that tell nobody anything, in part.</param>
    internal static Term Of(
        Exception error, string? outermost = null, Term? last = null, IReadOnlyList<string>? passed = null)
    {
        var frames = new List<Term>();
        foreach (var line in LinesOf(error))
        {
            if (outermost is not null && line.Contains(outermost, StringComparison.Ordinal))
                break;
            if (passed is not null && passed.Any(part => line.Contains(part, StringComparison.Ordinal)))
                continue;
            if (TryParse(line) is { } frame)
                frames.Add(frame);
        }
        if (last is { } end)
            frames.Add(end);
        return Term.List([.. frames]);
    }

    internal static IEnumerable<string> LinesOf(Exception error) => (error.StackTrace ?? "")
        .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Take(MostFrames);

    // at Namespace.Type.Method(Int32 a, String b) in /path/File.cs:line 12
    private static Term? TryParse(string line)
    {
        const string At = "at ";
        const string In = ") in ";
        const string Line = ":line ";
        var open = line.IndexOf('(', StringComparison.Ordinal);
        if (!line.StartsWith(At, StringComparison.Ordinal) || open < 0)
            return null;
        var name = line[At.Length..open];
        var dot = name.LastIndexOf('.');
        if (dot <= 0 || name.Length > Atom.MaxCharacters)
            return null;
        var close = line.IndexOf(')', open);
        var arity = close <= open + 1 ? 0 : line[open..close].Count(',') + 1;
        var place = Term.Nil;
        var inFile = line.LastIndexOf(In, StringComparison.Ordinal);
        var atLine = line.LastIndexOf(Line, StringComparison.Ordinal);
        if (inFile > 0 && atLine > inFile
            && int.TryParse(
                line.AsSpan(atLine + Line.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            var file = line[(inFile + In.Length)..atLine];
            place = Term.List(
                Term.Tuple(FileAtom, Term.CharList(file[(file.LastIndexOfAny(['/', '\\']) + 1)..])),
                Term.Tuple(LineAtom, number));
        }
        return Term.Tuple(new Atom(name[..dot].TrimEnd('.')), new Atom(name[(dot + 1)..]), arity, place);
    }

    private static int Count(this string text, char c) => text.AsSpan().Count(c);
}
