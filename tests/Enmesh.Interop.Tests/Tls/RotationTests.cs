using Enmesh.Certificates;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Interop.Tests.Tls;

/// <summary>
/// The runbook of docs/tls.md: an authority is replaced by another one in three steps, and a mesh of real nodes and ours is
/// one at each of them, whoever is restarted when.
/// </summary>
[Trait("Ring", "interop")]
public sealed class RotationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<int> Releases => Otp.Releases;

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Add_reissue_remove_never_splits_the_mesh_with_a_restart_at_every_step(int release)
    {
        using var old = new TestPki(name: "Old authority");
        using var next = new TestPki(name: "Next authority");
        var both = old.Authority.CertificatePem + next.Authority.CertificatePem;
        await using var cluster = new RotatedCluster(release, old);
        await cluster.StartAsync();
        await cluster.IsWholeAsync("at first");

        // 1. Add: node by node everybody trusts both.
        await cluster.EachAsync(member => member.Ca = both, "the new authority is added to");

        // 2. Reissue: node by node.
        await cluster.EachAsync(member => member.Pair = next.Authority.Issue(new() { Hosts = [member.Host] }), "the new authority issues for");

        // 3. Remove: node by node nobody trusts the old one any more.
        await cluster.EachAsync(member => member.Ca = next.Authority.CertificatePem, "the old authority is removed from");

        Assert.All(cluster.Links(), link => Assert.Contains("issued by CN=Next authority", link.Peer, StringComparison.Ordinal));
    }

    private sealed class Member
    {
        internal required string Host { get; init; }

        internal required CertificatePair Pair { get; set; }

        internal required string Ca { get; set; }

        internal BeamNode? Beam { get; set; }

        internal ErlangNode? Ours { get; set; }

        /// <summary>What it logs, of the one that is not restarted.</summary>
        internal required LogKeeper? Logs { get; init; }

        internal string Name => Beam?.Name ?? Ours!.Name.Text;
    }

    /// <summary>Two real nodes and two of ours, of which the second is never restarted: it reads its files anew.</summary>
    private sealed class RotatedCluster(int release, TestPki pki) : IAsyncDisposable
    {
        private readonly LoopbackCluster _cluster = new();
        private readonly string _cookie = Otp.NewCookie();
        private readonly List<Member> _members = [];
        private int _changes;
        private int _port;

        internal async Task StartAsync()
        {
            for (var i = 1; i <= 4; i++)
            {
                var host = $"127.0.0.{i}";
                var member = new Member { Host = host, Pair = pki.Issue(host), Ca = pki.Authority.CertificatePem, Logs = i == 4 ? new LogKeeper() : null };
                await (i <= 2 ? StartBeamAsync(member) : StartOursAsync(member));
                _members.Add(member);
            }
        }

        /// <summary>Changes one member's files after the other; each is a new process then, and the mesh is whole at every moment between.</summary>
        internal async Task EachAsync(Action<Member> change, string what)
        {
            foreach (var member in _members)
            {
                change(member);
                await RestartAsync(member);
                await IsWholeAsync($"after {what} {member.Name}");
            }
        }

        /// <summary>Everybody parts from everybody, and can connect to everybody again, whoever dials.</summary>
        internal async Task IsWholeAsync(string when)
        {
            foreach (var one in _members)
            {
                foreach (var other in _members.Where(other => other != one))
                    Assert.True(await PingsAsync(one, other), $"{when}: {one.Name} does not reach {other.Name}.");
            }
        }

        internal IEnumerable<TlsLink> Links() => _members.Select(member => member.Ours).OfType<ErlangNode>()
            .SelectMany(node => node.State.Links).Select(link => link.Security!);

        public async ValueTask DisposeAsync()
        {
            await _cluster.DisposeAsync();
            foreach (var member in _members)
            {
                if (member.Beam is not null)
                    await member.Beam.DisposeAsync();
            }
        }

        // Hidden, so that each link is there because of the ping alone, and parting from one does not part others.
        private static async Task<bool> PingsAsync(Member one, Member other)
        {
            if (one.Beam is { } beam)
            {
                return await beam.EvalAsync(
                    $"erlang:disconnect_node('{other.Name}'), net_kernel:hidden_connect_node('{other.Name}')", timeout: Patience) == "true";
            }
            var name = NodeName.Parse(other.Name);
            await one.Ours!.DisconnectAsync(name);
            await one.Ours.ConnectAsync(name).WaitAsync(Patience);
            return true;
        }

        private async Task RestartAsync(Member member)
        {
            if (member.Beam is { } beam)
            {
                await beam.DisposeAsync();
                await StartBeamAsync(member);
            }
            else if (member.Logs is { } logs)
            {
                Write(member);
                // Each of the three steps is one more.
                await logs.UntilAsync(++_changes, LogLevel.Information, "TLS: new certificates for handshakes from now on");
            }
            else
            {
                await member.Ours!.DisposeAsync();
                await StartOursAsync(member);
            }
        }

        private async Task StartBeamAsync(Member member)
        {
            var options = TlsPair.Options(pki, member.Pair, member.Ca) with
            {
                Name = $"{Otp.NewName("turn").Split('@')[0]}@{member.Host}",
                Address = member.Host,
                Cookie = _cookie,
                Hidden = true,
            };
            member.Beam = await BeamNode.StartAsync(release, _port == 0 ? options : options with { Port = _port });
            _port = member.Beam.Port;
            _cluster.Place(NodeName.Parse(member.Beam.Name), _port);
        }

        private async Task StartOursAsync(Member member)
        {
            var files = Write(member);
            member.Ours = await _cluster.StartAsync(
                $"{Otp.NewName("turn").Split('@')[0]}@{member.Host}", cookie: _cookie, port: _port, logs: member.Logs,
                with: plan => plan with { Tls = new(new(files, files), new TlsIdentity([], [])) });
        }

        private TlsRoleFiles Write(Member member) => new(
            pki.Write($"{member.Host}.pem", member.Pair.ChainPem), pki.Write($"{member.Host}.key", member.Pair.KeyPem),
            pki.Write($"{member.Host}-ca.pem", member.Ca), []);
    }
}
