using System.Net;
using System.Text;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh.Hosting.Ssh;

/// <summary>
/// The functions by which nodes tell each other their host keys. Whoever asks over the distribution knows whom he asks: what the network says instead may be
/// anybody's key.
/// </summary>
internal sealed class SshKeyExchange(Func<SshHostKey?> own, Func<ErlangNode> node)
{
    /// <summary>The node's own: <c>{ok, Host, Port, Key}</c>, or <c>undefined</c> before SSH is there.</summary>
    internal const string OwnFunction = "host_key";

    /// <summary>Of all nodes that this one sees and that serve SSH, and its own: <c>[{Node, Answer}]</c>.</summary>
    internal const string AllFunction = "host_keys";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    internal Term Own() => own() is { } key
        ? Term.Tuple(Atoms.Ok, Term.Binary(HostOf(key)), key.Listen.Port, Term.Binary(key.Key.Text))
        : new Atom("undefined");

    internal async Task<Term> AllAsync(CancellationToken cancellationToken)
    {
        var self = node();
        var answers = await Task.WhenAll(self.Nodes().Select(peer => AskAsync(self, peer, cancellationToken))).ConfigureAwait(false);
        return Term.List([Term.Tuple(self.Name.Atom, Own()), .. answers.OfType<Term>()]);
    }

    // Everywhere: at the address in the node's name, under which others find it, too.
    private string HostOf(SshHostKey key) =>
        key.Listen.Address.Equals(IPAddress.Any) || key.Listen.Address.Equals(IPAddress.IPv6Any) ? node().Name.Host : key.Listen.Address.ToString();

    private static async Task<Term?> AskAsync(ErlangNode self, NodeName peer, CancellationToken cancellationToken)
    {
        try
        {
            return Term.Tuple(
                peer.Atom, await self.RpcAsync(peer, ErlangSshExtensions.Module, OwnFunction, [], Patience, cancellationToken).ConfigureAwait(false));
        }
        catch (RpcException e) when (e.Class == ErlangExceptionClass.Error && e.Reason.IsAtom("undef"))
        {
            return null; // as a BEAM, it serves none
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException)
        {
            return Term.Tuple(peer.Atom, Term.Tuple(Atoms.Error, Term.Binary(Encoding.UTF8.GetBytes(e.Message))));
        }
    }
}

/// <summary>A node's answer.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Host">Where its SSH is reached.</param>
/// <param name="Port">And at which port.</param>
/// <param name="Key">Its key, as in <c>known_hosts</c>; null when it has none.</param>
/// <param name="Problem">Why not.</param>
internal sealed record SshKnownHost(string Node, string? Host, int Port, SshPublicKey? Key, string? Problem)
{
    private const int UsualPort = 22;

    /// <summary>The line of <c>known_hosts</c>.</summary>
    internal string Line => (Port == UsualPort ? Host : $"[{Host}]:{Port}") + $" {Key!.Text}";

    /// <summary>Reads what <c>enmesh_ssh:host_keys/0</c> answers.</summary>
    internal static IReadOnlyList<SshKnownHost> Read(Term answer)
    {
        List<SshKnownHost> all = [.. (answer.AsList ?? default).Select(Of).OfType<SshKnownHost>().OrderBy(host => host.Node, StringComparer.Ordinal)];
        return [.. all.Select(host => IsAnothers(host) ? host with { Key = null, Problem = $"it says that it is at {host.Host}, which is another node's address" } : host)];

        // Whoever went there would take either key for that node's.
        bool IsAnothers(SshKnownHost host) =>
            host.Key is not null && AddressOf(host) != host.Host && all.Exists(other => other.Node != host.Node && AddressOf(other) == host.Host);
    }

    private static string? AddressOf(SshKnownHost host) => NodeName.TryParse(host.Node, out var name) ? name.Host : null;

    private static SshKnownHost? Of(Term answer)
    {
        if (answer.TupleElements is not [{ AtomText: { } name }, var said])
            return null;
        return said.TupleElements switch
        {
            // What a peer says is printed into a file that ssh trusts: it may not bring lines of its own.
            [{ AtomText: "ok" }, var host, { Int32: > 0 and <= ushort.MaxValue and var port }, var key]
                when TextOf(host) is { Length: > 0 } at && !at.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is ',' or '*' or '?' or '!' or '#')
                    && SshPublicKey.Parse(TextOf(key)) is { } read => new(name, at, port, read, null),
            [{ AtomText: "error" }, var why] => new(name, null, 0, null, TextOf(why)),
            _ => new(name, null, 0, null, said.IsAtom("undefined") ? "its SSH has not started" : "it says something else"),
        };
    }

    private static string TextOf(Term term) => term.TryGetBinary(out var bytes) ? Encoding.UTF8.GetString(bytes.Span) : "";
}
