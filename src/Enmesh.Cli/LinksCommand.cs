using System.CommandLine;
using Enmesh.Terms;

namespace Enmesh.Cli;

/// <summary><c>enmesh links NODE</c></summary>
internal static class LinksCommand
{
    internal static Command Create() => new AskVerb().Create(
        "links",
        "List the connections of a node: to whom, of what kind, what went over them.",
        """
        As net_kernel:nodes_info/0. The connection of this command is among them, as a hidden one.

        Example:
          enmesh links orders@10.0.0.7
        """,
        [],
        RunAsync);

    private static async Task<int> RunAsync(AskedNode node)
    {
        var answer = await node.RpcAsync("net_kernel", "nodes_info").ConfigureAwait(false);
        var links = new List<LinkResult>();
        foreach (var entry in (answer.TupleElements is [_, { AsList: { } list }] ? list : default).OrderBy(entry => entry.ToString(), StringComparer.Ordinal))
        {
            if (entry.TupleElements is [{ Atom: { } peer }, { AsList: { IsProper: true } info }])
                links.Add(Describe(peer, info));
        }
        if (node.AsJson)
            Json.Print(new LinksResult(node.Target.Text, links));
        else
            AskedNode.PrintTable([
                ["NODE", "KIND", "STATE", "ADDRESS", "IN", "OUT"],
                .. links.Select(link => new[] { link.Node, link.Type ?? "", link.State ?? "", link.Address ?? "", $"{link.Received}", $"{link.Sent}" })]);
        return ExitCode.Success;
    }

    private static LinkResult Describe(Atom peer, ListTerm info)
    {
        Term Of(string key) => info.FirstOrDefault(item => item.TupleElements is [{ AtomText: { } tag }, _] && tag == key)
            is { TupleElements: [_, var value] } ? value : default;
        return new(
            AskedNode.Show(peer), Of("type").AtomText, Of("state").AtomText, AddressOf(Of("address")), Of("in").Int64, Of("out").Int64);
    }

    // {net_address, {{127,0,0,1},4370}, Host, tcp, inet}
    private static string? AddressOf(Term address)
    {
        if (address.TupleElements is not [{ AtomText: "net_address" }, { TupleElements: [var ip, { Int32: { } port }] }, _, { AtomText: { } protocol }, _])
            return null;
        var parts = ip.TupleElements.ToArray().Select(part => part.Int32 ?? 0).ToArray();
        return parts.Length switch
        {
            4 => $"{string.Join('.', parts)}:{port} ({protocol})",
            8 => $"[{new System.Net.IPAddress([.. parts.SelectMany(part => new[] { (byte)(part >> 8), (byte)part })])}]:{port} ({protocol})",
            _ => null,
        };
    }
}
