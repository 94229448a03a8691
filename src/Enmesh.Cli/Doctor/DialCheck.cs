using Enmesh.Certificates;
using Enmesh.Peers;

namespace Enmesh.Cli.Doctor;

/// <summary>Dials the peer as a node does, and tells how far that went.</summary>
internal sealed class DialCheck : IPeerCheck
{
    // Of a peer's certificate the beginning is not known any more when the link stands.
    private static readonly TimeSpan EndsSoon = TimeSpan.FromDays(3);

    public async Task RunAsync(Examination examination, ExaminedPeer peer, CancellationToken cancellationToken)
    {
        var tool = examination.Tool!;
        Exception? failure = null;
        using (tool.FollowHandshakes(notice => Tell(examination, peer, notice)))
        {
            try
            {
                await tool.ConnectAsync(peer.Found with { Port = peer.Port }, cancellationToken).ConfigureAwait(false);
            }
            catch (EnmeshException e)
            {
                failure = e;
            }
        }
        if (failure is not null)
            await DialFailures.ReportAsync(examination, peer, failure, cancellationToken).ConfigureAwait(false);
        else
            peer.Good("cookie", "both know the same.");
    }

    private static void Tell(Examination examination, ExaminedPeer peer, HandshakeNotice notice)
    {
        if (notice.Peer != peer.Name.Text)
            return; // of another one that is walked to beside it
        var after = $" ({notice.Elapsed.TotalMilliseconds:0.0} ms)";
        switch (notice.Step)
        {
            case HandshakeStep.Connected:
                peer.Good("tcp", notice.Text + after);
                break;
            case HandshakeStep.Secured:
                Secured(examination, peer, notice, after);
                break;
            case HandshakeStep.Agreed:
                peer.IsPublished = notice.Result!.PeerIsPublished;
                peer.Good("handshake", notice.Text + after);
                break;
        }
    }

    private static void Secured(Examination examination, ExaminedPeer peer, HandshakeNotice notice, string after)
    {
        peer.Good("tls", notice.Text + after);
        if (notice.Tls!.PeerNotAfter - examination.Around.Time.GetUtcNow() is var left && left < EndsSoon)
            peer.Report("tls", Diagnoses.TlsPeerExpiring, $"its certificate is valid until {CertificateCheck.Text(notice.Tls.PeerNotAfter)}, {left.TotalHours:0.#} h more.");
    }
}
