namespace Enmesh.Cli.Doctor;

/// <summary>Looks at one thing of this host or of the cluster as a whole.</summary>
internal interface ICheck
{
    /// <summary>Looks, and tells the examination what it sees. What cannot be looked at is told, too.</summary>
    Task RunAsync(Examination examination, CancellationToken cancellationToken);
}

/// <summary>Looks at one step of the way to a peer. After a failure of one step the later ones are not taken.</summary>
internal interface IPeerCheck
{
    /// <summary>Looks, and tells the peer's findings what it sees.</summary>
    Task RunAsync(Examination examination, ExaminedPeer peer, CancellationToken cancellationToken);
}

/// <summary>The order of it all: each step as a connection takes it, so that the first failure is the cause.</summary>
internal static class Walk
{
    private const int AtOnce = 8;

    /// <summary>This host, up to whom discovery names.</summary>
    private static readonly ICheck[] Before =
    [
        new SettingsCheck(), new OwnNameCheck(), new OwnAddressCheck(), new CookieFileCheck(), new OwnCertificateCheck(), new ResolvConfCheck(),
        new DiscoveryCheck(), new CorefileCheck(), new ServiceCheck(), new BundleCheck(), new CpuCheck(),
    ];

    /// <summary>The way to one peer.</summary>
    private static readonly IPeerCheck[] ToPeer = [new EpmdCheck(), new DialCheck(), new PingCheck(), new PeerQuestions()];

    /// <summary>What can be said when all ways were taken.</summary>
    private static readonly ICheck[] After = [new ViewsCheck(), new ReleasesCheck()];

    /// <summary>Walks.</summary>
    internal static async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        foreach (var check in Before)
            await check.RunAsync(examination, cancellationToken).ConfigureAwait(false);
        await ToolCheck.StartAsync(examination, cancellationToken).ConfigureAwait(false);
        if (examination.Tool is not { } tool)
            return;
        await using (tool.ConfigureAwait(false))
        {
            await ToPeersAsync(examination, cancellationToken).ConfigureAwait(false);
            foreach (var check in After)
                await check.RunAsync(examination, cancellationToken).ConfigureAwait(false);
        }
    }

    // A filter that drops packets costs its seconds once and not once for each peer; what is told keeps their order.
    private static async Task ToPeersAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (examination.Peers.Count > examination.MaxPeers)
            examination.Note("peers", $"{examination.Peers.Count} are named; the first {examination.MaxPeers} are walked to (--peers).");
        using var places = new SemaphoreSlim(AtOnce);
        var walks = examination.Peers.Take(examination.MaxPeers).Select(found => ToPeerAsync(new ExaminedPeer(found))).ToList();
        foreach (var walk in walks)
        {
            var peer = await walk.ConfigureAwait(false);
            examination.Walked.Add(peer);
            foreach (var finding in peer.Findings)
                examination.Add(finding);
        }

        async Task<ExaminedPeer> ToPeerAsync(ExaminedPeer peer)
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                foreach (var check in ToPeer)
                {
                    if (!peer.HasFailed)
                        await check.RunAsync(examination, peer, cancellationToken).ConfigureAwait(false);
                }
                return peer;
            }
            finally
            {
                places.Release();
            }
        }
    }
}
