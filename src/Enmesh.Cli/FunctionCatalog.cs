using System.Text;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh.Cli;

/// <summary>
/// What a node says of its modules: <c>erlang:loaded/0</c>, <c>Module:module_info(exports)</c> and the documentation of
/// <c>code:get_doc/1</c> (EEP 48).
/// </summary>
internal sealed class FunctionCatalog(ErlangNode own, NodeName target, TimeSpan timeout)
{
    private static readonly Term English = Term.Binary("en");

    // Those of application/erlang+html that stand on lines of their own.
    private static readonly HashSet<string> Blocks = ["p", "div", "ul", "ol", "li", "dl", "dt", "dd", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "br"];

    /// <summary>
    /// The modules in which the program exports functions; null on a BEAM, whose modules are mostly Erlang's own.
    /// </summary>
    internal async Task<IReadOnlyList<string>?> ModulesAsync(CancellationToken cancellationToken)
    {
        var machine = await AskAsync(
            "erlang", "system_info", [new Atom("machine")], cancellationToken).ConfigureAwait(false);
        if (machine.ToString() == "\"BEAM\"")
            return null;
        var loaded = await AskAsync("erlang", "loaded", [], cancellationToken).ConfigureAwait(false);
        return [.. (loaded.AsList ?? default).Select(module => module.AtomText).OfType<string>()];
    }

    /// <summary>A module with its functions; null when there is none of that name.</summary>
    internal async Task<ModuleResult?> DescribeAsync(string module, CancellationToken cancellationToken)
    {
        Term exports;
        try
        {
            exports = await AskAsync(
                module, "module_info", [new Atom("exports")], cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.Reason.IsAtom("undef"))
        {
            return null;
        }
        var (text, documented) = await DocumentationAsync(module, cancellationToken).ConfigureAwait(false);
        var functions = new List<FunctionResult>();
        foreach (var export in exports.AsList ?? default)
        {
            if (export.TupleElements is not [{ AtomText: { } name }, { Int32: { } arity }] || name == "module_info")
                continue;
            var (signature, doc) = documented.GetValueOrDefault((name, arity));
            functions.Add(new(name, arity, signature ?? $"{new Atom(name)}/{arity}", doc));
        }
        return new(module, text, [.. functions.OrderBy(function => function.Name, StringComparer.Ordinal).ThenBy(function => function.Arity)]);
    }

    // {ok, {docs_v1, _, _, _, ModuleDoc, _, [{{function, Name, Arity}, _, Signature, Doc, _}]}}
    private async Task<(string? Text, Dictionary<(string Name, int Arity), (string? Signature, string? Doc)> Functions)> DocumentationAsync(
        string module, CancellationToken cancellationToken)
    {
        var functions = new Dictionary<(string Name, int Arity), (string? Signature, string? Doc)>();
        var answer = await AskAsync("code", "get_doc", [new Atom(module)], cancellationToken).ConfigureAwait(false);
        if (answer.TupleElements is not [_, { TupleElements: [_, _, _, _, var text, _, { AsList: { } entries }] }])
            return (null, functions); // there is none: {error, missing}
        foreach (var entry in entries)
        {
            if (entry.TupleElements is [{ TupleElements: [{ AtomText: "function" }, { AtomText: { } name }, { Int32: { } arity }] }, _, var signature, var doc, ..])
                functions[(name, arity)] = (signature.AsList is { Count: > 0 } lines ? TextOf(lines[0]) : null, TextOfDoc(doc));
        }
        return (TextOfDoc(text), functions);
    }

    // #{<<"en">> => Text}, none or hidden
    private static string? TextOfDoc(Term doc) =>
        doc.AsMap is { } texts && texts.TryGetValue(English, out var text) ? TextOf(text) : null;

    // Markdown in a binary, or [{p, [], [Text]}].
    private static string? TextOf(Term text)
    {
        var output = new StringBuilder();
        Append(output, text);
        return output.ToString().Trim() is { Length: > 0 } some ? some : null;
    }

    private static void Append(StringBuilder output, Term text)
    {
        if (text.TryGetBinary(out var binary))
        {
            output.Append(Encoding.UTF8.GetString(binary.Span));
        }
        else if (text.TupleElements is [{ AtomText: { } tag }, _, var content])
        {
            Append(output, content);
            if (Blocks.Contains(tag))
                output.Append("\n\n");
        }
        else
        {
            foreach (var part in text.AsList ?? default)
                Append(output, part);
        }
    }

    private Task<Term> AskAsync(
        string module, string function, IReadOnlyList<Term> arguments, CancellationToken cancellationToken) =>
        own.RpcAsync(target, module, function, arguments, timeout, cancellationToken);
}
