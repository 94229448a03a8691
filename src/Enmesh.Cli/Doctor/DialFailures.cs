namespace Enmesh.Cli.Doctor;

/// <summary>What a failed call means. The words are those of whoever has failed: the transport, TLS, the handshake.</summary>
internal static class DialFailures
{
    internal static async Task ReportAsync(Examination examination, ExaminedPeer peer, Exception failure, CancellationToken cancellationToken)
    {
        var (step, diagnosis) = failure switch
        {
            PeerUnreachableException unreachable => (unreachable.Reason == UnreachableReason.NameNotFound ? "dns" : "tcp", Of(unreachable.Reason)),
            TlsException tls => ("tls", Of(tls.Failure)),
            HandshakeException handshake => (handshake.Failure == HandshakeFailure.CookieMismatch ? "cookie" : "handshake", Of(handshake)),
            _ => ("handshake", Diagnoses.HandshakeOther),
        };
        var text = failure.Message;
        if (failure is HandshakeException && !examination.Options.Tls.IsOn && IsSilence(diagnosis)
            && await ShowsCertificateAsync(peer, examination.Timeout, cancellationToken).ConfigureAwait(false) is { } shown)
            (step, diagnosis, text) = ("tls", Diagnoses.TlsDemandedByPeer, $"{peer.Name} speaks TLS, and is dialled without: {shown}");
        peer.Report(step, diagnosis, text);
    }

    // What a plain caller sees of a port that demands TLS.
    private static bool IsSilence(Diagnosis diagnosis) =>
        diagnosis == Diagnoses.HandshakeClosed || diagnosis == Diagnoses.HandshakeSilent || diagnosis == Diagnoses.TcpReset
        || diagnosis == Diagnoses.HandshakeNotErlang;

    private static async Task<string?> ShowsCertificateAsync(ExaminedPeer peer, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            var shown = await ShownCertificate.OfPeerAsync(
                peer.Host, peer.Port, [], null, null, patience < Probe ? patience : Probe, cancellationToken).ConfigureAwait(false);
            return $"it shows a certificate for {shown.Report.Chain[0].Names}.";
        }
        catch (TimeoutException)
        {
            return null; // no TLS there
        }
    }

    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(5);

    private static Diagnosis Of(UnreachableReason reason) => reason switch
    {
        UnreachableReason.Refused => Diagnoses.TcpRefused,
        UnreachableReason.TimedOut => Diagnoses.TcpNoAnswer,
        UnreachableReason.NoRoute => Diagnoses.TcpNoRoute,
        UnreachableReason.NameNotFound => Diagnoses.DnsUnknownHost,
        _ => Diagnoses.TcpOther,
    };

    private static Diagnosis Of(TlsFailure failure) => failure switch
    {
        TlsFailure.NoCertificate => Diagnoses.TlsNoCertificate,
        TlsFailure.Expired => Diagnoses.TlsExpired,
        TlsFailure.NotYetValid => Diagnoses.TlsNotYetValid,
        TlsFailure.SelfSigned => Diagnoses.TlsSelfSigned,
        TlsFailure.UnknownAuthority => Diagnoses.TlsUnknownAuthority,
        TlsFailure.Revoked => Diagnoses.TlsRevoked,
        TlsFailure.WrongName => Diagnoses.TlsWrongName,
        TlsFailure.WrongUsage => Diagnoses.TlsWrongUsage,
        TlsFailure.BadCertificate => Diagnoses.TlsBadCertificate,
        TlsFailure.RefusedByPeer => Diagnoses.TlsRefusedByPeer,
        TlsFailure.NotTls => Diagnoses.TlsNotSpoken,
        TlsFailure.NothingInCommon => Diagnoses.TlsNothingInCommon,
        TlsFailure.ClosedByPeer => Diagnoses.TlsClosed,
        TlsFailure.Timeout => Diagnoses.TlsSilent,
        _ => Diagnoses.TlsOther,
    };

    private static Diagnosis Of(HandshakeException failure) => failure.Failure switch
    {
        HandshakeFailure.CookieMismatch => Diagnoses.CookieDiffers,
        HandshakeFailure.NotAllowed => Diagnoses.HandshakeNotAllowed,
        HandshakeFailure.NameMismatch => Diagnoses.HandshakeNameDiffers,
        HandshakeFailure.OwnName => Diagnoses.HandshakeNameDiffers,
        HandshakeFailure.InvalidName => Diagnoses.HandshakeNotErlang,
        HandshakeFailure.MissingFlags => Diagnoses.HandshakeFlags,
        HandshakeFailure.UnsupportedVersion => Diagnoses.HandshakeOld,
        HandshakeFailure.AlreadyConnecting => Diagnoses.HandshakeBusy,
        HandshakeFailure.Malformed or HandshakeFailure.TooLong => Diagnoses.HandshakeNotErlang,
        HandshakeFailure.Timeout => Diagnoses.HandshakeSilent,
        HandshakeFailure.ClosedByPeer when failure.InnerException is IOException => Diagnoses.TcpReset,
        HandshakeFailure.ClosedByPeer => Diagnoses.HandshakeClosed,
        _ => Diagnoses.HandshakeOther,
    };
}
