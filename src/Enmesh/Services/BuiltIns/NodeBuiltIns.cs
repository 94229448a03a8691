using System.Net;
using System.Net.Sockets;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>The node, its peers, its names: <c>erlang</c>, <c>net_adm</c>, <c>net_kernel</c>.</summary>
internal static class NodeBuiltIns
{
    internal static IEnumerable<BuiltInModule> Of(NodeFacts facts) => [Erlang(facts), NetAdm(facts), NetKernel(facts)];

    /// <summary><c>erlang:nodes/1</c></summary>
    internal static Term NodesOf(NodeFacts facts, Term kinds)
    {
        var wanted = kinds.AsList is { IsProper: true } list ? [.. list] : (Term[])[kinds];
        var nodes = new List<Term>();
        foreach (var kind in wanted)
        {
            if (kind.IsAtom("this"))
                nodes.Add(facts.Name.Atom);
            else if (kind.AtomText is "visible" or "hidden" or "connected" or "known")
                nodes.AddRange(facts.Runtime.Links.Where(
                    link => Is(facts, link, kind.AtomText)).Select(link => (Term)link.Peer.Atom));
            else
                throw ErlangException.BadArgument();
            if (kind.IsAtom("known"))
                nodes.Add(facts.Name.Atom);
        }
        return Term.List([.. nodes.Distinct()]);
    }

    private static BuiltInModule Erlang(NodeFacts facts) => new BuiltInModule("erlang")
        .Add("node", 0, "The node's name.", _ => facts.Name.Atom)
        .Add("node", 1, "The node of a pid, port or reference.", arguments => NodeOf(arguments[0]))
        .Add("is_alive", 0, "`true`", _ => true)
        .Add("nodes", 0, "The visible nodes that are connected.", _ => NodesOf(facts, Arguments.Atom("visible")))
        .Add("nodes", 1, "The nodes of the kinds `this`, `visible`, `hidden`, `connected`, `known`.",
            arguments => NodesOf(facts, arguments[0]))
        .Add("throw", 1, "Throws its argument.", arguments => throw ErlangException.Throw(arguments[0]))
        .Add("exit", 1, "Exits with its argument.", arguments => throw ErlangException.Exit(arguments[0]))
        .Add("error", 1, "Fails with its argument.", arguments => throw ErlangException.Error(arguments[0]))
        .Add("error", 2, "Fails with its first argument.", arguments => throw ErlangException.Error(arguments[0]));

    private static BuiltInModule NetAdm(NodeFacts facts) => new BuiltInModule("net_adm")
        .Add("ping", 1, "`pong` for the node itself and those it is connected to, else `pang`; nobody is dialled.",
            arguments => Arguments.Atom(IsConnected(facts, arguments.AtomAt(0)) ? "pong" : "pang"))
        .Add("names", 0, "The nodes registered with EPMD of this host; `{error,address}` for a node without EPMD.",
            async (context, _) => await NamesAsync(facts, context).ConfigureAwait(false))
        .Add("localhost", 0, "The host part of the node's name.", _ => Term.CharList(facts.Name.Host));

    private static BuiltInModule NetKernel(NodeFacts facts) => new BuiltInModule("net_kernel")
        .Add("get_net_ticktime", 0,
            "Seconds of silence after which a peer counts as lost; `{ongoing_change_to,Seconds}` while that is being changed.",
            _ => NetTickTime(facts))
        .Add("longnames", 0, "Whether the node has a long name.", _ => !facts.ShortNames)
        .Add("get_state", 0, "How the node got its name.", _ => Term.Map(
            (Arguments.Atom("started"), Arguments.Atom("static")), (Arguments.Atom("name"), facts.Name.Atom),
            (Arguments.Atom("name_domain"), Arguments.Atom(facts.ShortNames ? "shortnames" : "longnames")),
            (Arguments.Atom("name_type"), Arguments.Atom("static"))))
        .Add("nodes_info", 0, "The connected nodes with state, address, type, messages in and out.", _ => Term.Tuple(Atoms.Ok, Term.List(
            [.. facts.Runtime.Links.Select(link => Term.Tuple(link.Peer.Atom, NodeInfo(facts, link)))])))
        .Add("node_info", 1, "State, address and type of a connected node, messages in and out.", arguments =>
            facts.Runtime.Links.FirstOrDefault(link => link.Peer.Atom == arguments.AtomAt(0)) is { } found
                ? Term.Tuple(Atoms.Ok, NodeInfo(facts, found))
                : Term.Tuple(Atoms.Error, Arguments.Atom("bad_node")));

    private static Term NetTickTime(NodeFacts facts)
    {
        var seconds = (long)facts.NetTickTime().TotalSeconds;
        return facts.NetTickTimeIsChanging() ? Term.Tuple(Arguments.Atom("ongoing_change_to"), seconds) : seconds;
    }

    private static bool IsConnected(NodeFacts facts, Atom node) =>
        node == facts.Name.Atom || facts.Runtime.Links.Any(link => link.Peer.Atom == node);

    private static Term NodeInfo(NodeFacts facts, PeerLink link) => Term.List(
        Arguments.Pair("state", Arguments.Atom("up")),
        Arguments.Pair("address", NetAddress(link)),
        Arguments.Pair("type", Arguments.Atom(Is(facts, link, "visible") ? "normal" : "hidden")),
        Arguments.Pair("in", link.MessagesRead),
        Arguments.Pair("out", link.MessagesSent));

    // The record of the kernel's include/net_address.hrl.
    private static Term NetAddress(PeerLink link)
    {
        if (link.RemoteEndPoint is not IPEndPoint { Address: var address, Port: var port })
            return Arguments.Atom("undefined");
        var isOld = address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6;
        var bytes = (isOld ? address.MapToIPv4() : address).GetAddressBytes();
        Term[] parts = isOld
            ? [.. bytes.Select(static one => (Term)(int)one)]
            : [.. bytes.Chunk(2).Select(static pair => (Term)((pair[0] << 8) | pair[1]))];
        return Term.Tuple(
            Arguments.Atom("net_address"), Term.Tuple(Term.Tuple(parts), port), Term.CharList(link.Peer.Host),
            Arguments.Atom(link.Security is null ? "tcp" : "tls"), Arguments.Atom(isOld ? "inet" : "inet6"));
    }

    // A node is visible to another when both are published.
    private static bool Is(NodeFacts facts, PeerLink link, string kind) => kind switch
    {
        "visible" => facts.Runtime.IsPublished && link.PeerIsPublished,
        "hidden" => !(facts.Runtime.IsPublished && link.PeerIsPublished),
        _ => true,
    };

    private static Term NodeOf(Term identifier) =>
        identifier.Pid?.Node ?? identifier.Port?.Node ?? identifier.Reference?.Node
            ?? throw ErlangException.BadArgument();

    private static async ValueTask<Term> NamesAsync(NodeFacts facts, ProcessContext context)
    {
        if (facts.EpmdNames is not { } ask)
            return Term.Tuple(Atoms.Error, Arguments.Atom("address"));
        try
        {
            var names = await ask(context.Exiting).ConfigureAwait(false);
            return Term.Tuple(
                Atoms.Ok, Term.List([.. names.Select(entry => Term.Tuple(Term.CharList(entry.Name), entry.Port))]));
        }
        catch (EnmeshException)
        {
            return Term.Tuple(Atoms.Error, Arguments.Atom("address")); // as when nobody answers there
        }
    }
}
