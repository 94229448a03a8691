using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Enmesh.Tls;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests.Tls;

/// <summary>Certificates change under a running node; what cannot be used changes nothing.</summary>
[Trait("Ring", "loopback")]
public sealed class ReloadTests : IDisposable
{
    private const string Host = "127.0.0.1";
    // An hour of the test takes no time in which a tick could come.
    private static readonly PeerLinkOptions Patient = new() { NetTickTime = TimeSpan.FromHours(100) };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestPki _pki = new();
    private readonly LogKeeper _logs = new();
    private readonly SetClock _clock = new();

    public void Dispose() => _pki.Dispose();

    [Fact]
    public async Task A_new_pair_is_noticed_by_itself()
    {
        var files = Write(_pki.Issue(Host));
        using var source = new TlsSource(new(files, files), TimeProvider.System, _logs);
        var fresh = _pki.Issue(Host);
        Write(fresh);
        await _logs.UntilAsync("TLS: new certificates for handshakes from now on");
        Assert.Equal(SerialOf(fresh), source.Current.Server.Certificate.SerialNumber);
        Assert.Same(source.Current.Client, source.Current.Server);
    }

    [Fact]
    public void Half_a_pair_changes_nothing_and_is_told_of_once()
    {
        var old = _pki.Issue(Host);
        var fresh = _pki.Issue(Host);
        using var source = Open(Write(old));

        _pki.Write("node.pem", fresh.ChainPem);
        source.Reload();
        source.Reload();
        Assert.Equal(SerialOf(old), source.Current.Server.Certificate.SerialNumber);
        Assert.Contains("node.key does not belong to the certificate in ", Assert.Single(Errors()), StringComparison.Ordinal);

        _pki.Write("node.key", fresh.KeyPem);
        source.Reload();
        Assert.Equal(SerialOf(fresh), source.Current.Server.Certificate.SerialNumber);
        Assert.Single(Errors());
    }

    [Fact]
    public void Broken_files_change_nothing()
    {
        using var between = _pki.Authority.CreateIntermediate("Between");
        using var foreign = CertificateAuthority.Create("Another authority");
        var good = between.Issue(new() { Hosts = [Host] });
        using var source = Open(Write(good));
        var whole = good.ChainPem;

        void Refused(string part)
        {
            source.Reload();
            Assert.Contains(part, Errors()[^1], StringComparison.Ordinal);
            Assert.Contains(part, source.Problem, StringComparison.Ordinal);
            Assert.Equal(SerialOf(good), source.Current.Server.Certificate.SerialNumber);
        }

        _pki.Write("node.pem", whole[..whole.LastIndexOf("-----BEGIN", StringComparison.Ordinal)]);
        Refused("does not lead to an authority in ");
        _pki.Write("node.pem", whole[..200]);
        Refused("is cut off: its end is missing");
        _pki.Write("node.pem", "");
        Refused("is empty");
        File.Delete(Path.Combine(Path.GetDirectoryName(_pki.CaFile)!, "node.pem"));
        Refused("There is no file ");
        Write(foreign.Issue(new() { Hosts = [Host] }));
        Refused("its chain ends with CN=Another authority");
        using (var namesake = CertificateAuthority.Create("Test authority"))
            Write(namesake.Issue(new() { Hosts = [Host] }));
        Refused("is not signed by CN=Test authority in ");
        Write(_pki.Authority.Issue(new() { Hosts = [Host], NotBefore = _clock.Now.AddDays(-2), NotAfter = _clock.Now.AddDays(-1) }));
        Refused("expired on");
        Write(good);
        source.Reload();
        Assert.Null(source.Problem);
        Assert.Equal(SerialOf(good), source.Current.Server.Certificate.SerialNumber);
    }

    [Fact]
    public void A_pair_that_is_not_valid_yet_is_taken_when_it_is()
    {
        var old = _pki.Issue(Host);
        var coming = _pki.Authority.Issue(new() { Hosts = [Host], NotBefore = _clock.Now.AddHours(1), NotAfter = _clock.Now.AddDays(9) });
        using var source = Open(Write(old));

        Write(coming);
        source.Reload();
        Assert.Equal(SerialOf(old), source.Current.Server.Certificate.SerialNumber);
        Assert.Contains("is not valid before", Errors()[^1], StringComparison.Ordinal);
        _clock.Now = _clock.Now.AddHours(2);
        source.Reload();
        Assert.Equal(SerialOf(coming), source.Current.Server.Certificate.SerialNumber);
    }

    [Fact]
    public void A_volume_of_Kubernetes_is_swapped_as_one()
    {
        var directory = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_pki.CaFile)!, "volume")).FullName;
        var old = _pki.Issue(Host);
        var fresh = _pki.Issue(Host);
        Put("..1", old);
        Directory.CreateSymbolicLink(Path.Combine(directory, "..data"), "..1");
        foreach (var name in new[] { "tls.crt", "tls.key" })
            File.CreateSymbolicLink(Path.Combine(directory, name), Path.Combine("..data", name));
        using var source = Open(new(Path.Combine(directory, "tls.crt"), Path.Combine(directory, "tls.key"), _pki.CaFile, []));
        Assert.Equal(SerialOf(old), source.Current.Server.Certificate.SerialNumber);

        Put("..2", fresh);
        Directory.CreateSymbolicLink(Path.Combine(directory, "..data_tmp"), "..2");
        using (var mv = System.Diagnostics.Process.Start("mv", ["-T", Path.Combine(directory, "..data_tmp"), Path.Combine(directory, "..data")]))
            mv.WaitForExit();
        source.Reload();
        Assert.Equal(SerialOf(fresh), source.Current.Server.Certificate.SerialNumber);

        void Put(string version, CertificatePair pair)
        {
            var made = Directory.CreateDirectory(Path.Combine(directory, version)).FullName;
            File.WriteAllText(Path.Combine(made, "tls.crt"), pair.ChainPem);
            File.WriteAllText(Path.Combine(made, "tls.key"), pair.KeyPem);
        }
    }

    [Fact]
    public void A_list_of_revoked_certificates_takes_effect_when_it_comes()
    {
        var list = _pki.Write("list.pem", _pki.Authority.Revoke(1, []));
        using var source = Open(Write(_pki.Issue(Host)) with { CrlFiles = [list] });
        using var stolen = _pki.Issue("127.0.0.9").ReadCertificate();
        Assert.Null(source.Current.Server.Revoked.Find(stolen, _pki.Authority.Certificate));

        _pki.Write("list.pem", _pki.Authority.Revoke(2, [stolen]));
        source.Reload();

        Assert.NotNull(source.Current.Server.Revoked.Find(stolen, _pki.Authority.Certificate));
        using var namesake = CertificateAuthority.Create("Test authority");
        Assert.Null(source.Current.Server.Revoked.Find(stolen, namesake.Certificate)); // the list is not that one's
    }

    [Fact]
    public void A_list_whose_signature_cannot_be_looked_at_is_not_taken_for_one_that_revokes_nothing()
    {
        using var key = RSA.Create(2048);
        var encoded = new CertificateRevocationListBuilder().Build(
            _pki.Authority.Certificate.SubjectName, X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pss), 1, DateTimeOffset.UtcNow.AddDays(1),
            HashAlgorithmName.SHA256, X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_pki.Authority.Certificate, true, false));
        var list = _pki.Write("list.pem", PemEncoding.WriteString("X509 CRL", encoded));

        var error = Assert.Throws<TlsSettingsException>(() => Open(Write(_pki.Issue(Host)) with { CrlFiles = [list] }));

        Assert.Contains("list.pem", error.Message, StringComparison.Ordinal);
        Assert.Contains("1.2.840.113549.1.1.10, which is not known here", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_is_overdue_is_told_of_once()
    {
        var list = _pki.Write("list.pem", _pki.Authority.Revoke(1, [], DateTimeOffset.UtcNow.AddSeconds(-1)));
        using var source = Open(Write(_pki.Issue(Host)) with { CrlFiles = [list] });

        source.Reload();
        source.Reload();

        Assert.Single(_logs.Lines, line => line.Text.Contains("a newer list of revoked certificates is due", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificates_and_authority_are_swapped_while_calls_flow_and_none_is_lost()
    {
        using var next = CertificateAuthority.Create("Next authority");
        var both = _pki.Write("both.pem", _pki.Authority.CertificatePem + next.CertificatePem);
        await using var cluster = new LoopbackCluster();
        var (one, two) = (Write(_pki.Issue("127.0.0.1"), "one", both), Write(_pki.Issue("127.0.0.2"), "two", both));
        TlsIdentity identity = new([], []);
        var a = await cluster.StartAsync("a@127.0.0.1", logs: _logs, with: plan => plan with { Tls = new(new(one, one), identity) });
        var b = await cluster.StartAsync("b@127.0.0.2", with: plan => plan with { Tls = new(new(two, two), identity) });
        b.Spawn(EchoAsync, "echo");
        await a.PingAsync(b.Name);
        using var stop = new CancellationTokenSource();
        var calling = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CallAsync(a, b, stop.Token)));

        var (first, second) = (next.Issue(new() { Hosts = ["127.0.0.1"] }), next.Issue(new() { Hosts = ["127.0.0.2"] }));
        Write(first, "one", both);
        Write(second, "two", both);
        await _logs.UntilAsync("issued by CN=Next authority");
        // The link lives on with what it was made of; a new one shows the new chain.
        Assert.Contains("Test authority", Assert.Single(a.State.Links).Security!.Own, StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.True(await SumAsync(calling) > 0);
        await a.DisconnectAsync(b.Name);
        await UntilNewChainAsync(a, b);
        var link = Assert.Single(a.State.Links).Security!;
        Assert.Equal((SerialOf(first), SerialOf(second)), (link.OwnSerialNumber, link.PeerSerialNumber));
    }

    [Fact]
    public async Task A_node_that_is_told_so_leaves_and_comes_back_with_its_new_certificate()
    {
        var time = new VirtualTime();
        var now = time.GetUtcNow();
        CertificatePair Issue(string host, double hours) =>
            _pki.Authority.Issue(new() { Hosts = [host], NotBefore = now.AddHours(-1), NotAfter = now.AddHours(hours) });
        await using var cluster = new LoopbackCluster();
        var files = Write(Issue("127.0.0.1", 3), "one");
        var other = Write(Issue("127.0.0.2", 30), "two");
        TlsIdentity identity = new([], []);
        var a = await cluster.StartAsync("a@127.0.0.1", timeProvider: time, logs: _logs, with: plan => plan with
        {
            Tls = new(new(files, files), identity) { RenewLinksWithin = TimeSpan.FromHours(2) },
            Link = Patient,
        });
        var b = await cluster.StartAsync(
            "b@127.0.0.2", timeProvider: time, with: plan => plan with { Tls = new(new(other, other), identity), Link = Patient });
        await a.ConnectAsync(b.Name);
        var link = Assert.Single(a.State.Links);
        var fresh = Issue("127.0.0.1", 40);
        Write(fresh, "one");
        // It begins two hours before the end; a random moment of the hour that follows is this node's own.
        for (var minute = 0; minute < 122 && link.IsUp; minute++)
            time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("this node leaves and comes back", link.End!.Reason, StringComparison.Ordinal);
        Assert.InRange((time.GetUtcNow() - now).TotalMinutes, 60, 122);
        await link.EndTold.WaitAsync(Patience);

        await a.ConnectAsync(b.Name);
        Assert.Equal(SerialOf(fresh), Assert.Single(a.State.Links).Security!.OwnSerialNumber);
    }

    // The other node looks at its own files in its own time.
    private static async Task UntilNewChainAsync(ErlangNode a, ErlangNode b)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            await a.ConnectAsync(b.Name, deadline.Token);
            if (Assert.Single(a.State.Links).Security!.Peer.Contains("Next authority", StringComparison.Ordinal))
                return;
            await a.DisconnectAsync(b.Name);
        }
    }

    private static async Task<int> SumAsync(Task<int[]> calling) => (await calling.WaitAsync(Patience)).Sum();

    private static async Task<int> CallAsync(ErlangNode a, ErlangNode b, CancellationToken stop)
    {
        var calls = 0;
        while (!stop.IsCancellationRequested)
            Assert.Equal(++calls, (await a.CallAsync(("echo", b.Name), calls, Patience, CancellationToken.None)).Int32);
        return calls;
    }

    private static async Task EchoAsync(ProcessContext context)
    {
        while (true)
        {
            if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, call.Request);
        }
    }

    private static string SerialOf(CertificatePair pair)
    {
        using var certificate = pair.ReadCertificate();
        return certificate.SerialNumber;
    }

    private TlsSource Open(TlsRoleFiles files) => new(new(files, files), _clock, _logs);

    private TlsRoleFiles Write(CertificatePair pair, string name = "node", string? caFile = null) =>
        new(_pki.Write($"{name}.pem", pair.ChainPem), _pki.Write($"{name}.key", pair.KeyPem), caFile ?? _pki.CaFile, []);

    private List<string> Errors() => [.. _logs.Lines.Where(line => line.Level == LogLevel.Error).Select(line => line.Text)];

    /// <summary>A clock that is set by hand; its timers never fire.</summary>
    private sealed class SetClock : TimeProvider
    {
        internal DateTimeOffset Now { get; set; } = System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new StoppedTimer();

        private sealed class StoppedTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
