using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

// The same by rpc, as operators do it: rpc:multicall(net_kernel, set_net_ticktime, [30]).
internal sealed partial class NetKernel
{
    /// <summary>Lets peers call what manages the node.</summary>
    internal void Export(ExportedFunctions functions)
    {
        functions.ExportOwn("erlang", "disconnect_node", 1, (_, arguments) => DisconnectAsync(arguments[0]));
        functions.ExportOwn("net_kernel", "disconnect", 1, (_, arguments) => DisconnectAsync(arguments[0]));
        functions.ExportOwn("net_kernel", "connect_node", 1, ConnectAsync);
        functions.ExportOwn("net_kernel", "allow", 1, (_, arguments) => new(Allow(arguments[0])));
        functions.ExportOwn(
            "net_kernel", "set_net_ticktime", 1, (_, arguments) => new(SetNetTickTime(arguments[0], 60)));
        functions.ExportOwn("net_kernel", "set_net_ticktime", 2, (_, arguments) =>
            new(SetNetTickTime(arguments[0], arguments[1])));
    }

    private async ValueTask<Term> DisconnectAsync(Term node)
    {
        var name = node.Atom ?? throw new ArgumentException($"{node} is no node.", nameof(node));
        return NodeName.TryParse(name.Text, out var peer) && await settings.Disconnect(peer).ConfigureAwait(false);
    }

    private async ValueTask<Term> ConnectAsync(ProcessContext context, IReadOnlyList<Term> arguments)
    {
        var name = arguments[0].Atom ?? throw new ArgumentException($"{arguments[0]} is no node.", nameof(arguments));
        if (name == runtime.Name.Atom)
            return true;
        return NodeName.TryParse(name.Text, out var peer) && await settings.Connect(peer, context.Exiting)
            .ConfigureAwait(false);
    }

    private Term SetNetTickTime(Term seconds, Term transition)
    {
        const int Thousand = 1000;
        if (seconds.Int32 is not { } time || transition.Int32 is not { } period)
            throw new ArgumentException($"{seconds} and {transition} are not both seconds.", nameof(seconds));
        var answer = NewTickTime((long)time * Thousand, (long)period * Thousand);
        if (answer == BadArg)
            throw new ArgumentException(
                $"A net_ticktime of {time} s, or a transition of {period} s, is out of bounds.", nameof(seconds));
        return answer.TupleElements is [var ongoing, { Int64: { } milliseconds }]
            ? Term.Tuple(ongoing, milliseconds / Thousand)
            : answer;
    }
}
