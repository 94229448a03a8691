using System.CommandLine;
using Enmesh.Cli.Consoles;
using Enmesh.Terms;

namespace Enmesh.Cli;

/// <summary><c>enmesh rpc NODE MODULE:FUNCTION [TERM…]</c></summary>
internal static class RpcCommand
{
    internal static Command Create()
    {
        var function = new Argument<string>("function") { Description = "The function: erlang:nodes, 'Elixir.Shop.Calc':add.", HelpName = "MODULE:FUNCTION" };
        var terms = new Argument<string[]>("term") { Description = "Its arguments, each an Erlang term.", HelpName = "TERM", Arity = ArgumentArity.ZeroOrMore };
        return new AskVerb().Create(
            "rpc",
            "Call a function on a node and print what it returns.",
            """
            As erpc:call/5. What the function prints is printed as well.

            Examples:
              enmesh rpc orders@10.0.0.7 erlang:nodes
              enmesh rpc orders@10.0.0.7 lists:reverse '[1,2,3]'
              enmesh rpc orders@10.0.0.7 calc:add 1 2 --json
            """,
            [function, terms],
            node => RunAsync(node, node.Parsed.GetValue(function)!, node.Parsed.GetValue(terms) ?? []));
    }

    private static Task<int> RunAsync(AskedNode node, string function, string[] arguments)
    {
        var (module, name) = Split(function);
        var terms = arguments.Select(AskedNode.ParseTerm).ToArray();
        var leader = node.Own.StartShellOutput(new() { Output = text => Console.Error.Write(TerminalText.Safe(text)) });
        return node.PrintAsync(async () => await node.Own.Rpc.CallPrintingAsync(
            node.Target, new(module, name, Term.List(terms).AsList!.Value), leader, node.Timeout, node.CancellationToken).ConfigureAwait(false));
    }

    // The two names are atoms as Erlang writes them.
    private static (Atom Module, Atom Function) Split(string function)
    {
        var colon = function.LastIndexOf(':');
        if (colon > 0 && AtomOf(function[..colon]) is { } module && AtomOf(function[(colon + 1)..]) is { } name)
            return (module, name);
        throw new FormatException($"'{function}' is no function. Say MODULE:FUNCTION, as lists:reverse.");
    }

    private static Atom? AtomOf(string text)
    {
        try
        {
            return AskedNode.ParseTerm(text).Atom;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
