namespace Enmesh.Tls;

// RFC 8446, 6 "Alert Protocol". OpenSSL names an alert in its message: "... alert certificate expired".

/// <summary>What failed between two ends, in one line that says what to do.</summary>
/// <param name="peer">The other end, as people know it.</param>
/// <param name="material">What we have shown.</param>
/// <param name="isServer">Whether we were called.</param>
internal sealed class TlsWords(string peer, TlsMaterial material, bool isServer)
{
    private static readonly (string Text, TlsFailure Failure, string Meaning)[] Alerts =
    [
        ("certificate expired", TlsFailure.RefusedByPeer, "it finds our certificate expired"),
        ("certificate revoked", TlsFailure.RefusedByPeer, "it finds our certificate revoked"),
        ("unknown ca", TlsFailure.RefusedByPeer, "it does not trust the authority of our certificate"),
        ("bad certificate", TlsFailure.RefusedByPeer, "it does not take our certificate"),
        ("unsupported certificate", TlsFailure.RefusedByPeer, "it finds our certificate is not meant for this"),
        ("certificate unknown", TlsFailure.RefusedByPeer, "it does not take our certificate"),
        ("certificate required", TlsFailure.RefusedByPeer, "it demands a certificate, and says that we have shown none"),
        ("access denied", TlsFailure.RefusedByPeer, "it does not let our certificate in"),
        ("protocol version", TlsFailure.NothingInCommon, "it speaks none of the versions that we offer"),
        ("insufficient security", TlsFailure.NothingInCommon, "it finds none of our cipher suites strong enough"),
        ("handshake failure", TlsFailure.RefusedByPeer, "it does not find its name for this node in our certificate, which OTP up to 25 says so, or the two have no cipher suite or kind of signature in common"),
        ("unrecognized name", TlsFailure.RefusedByPeer, "it does not know the name that we dialled"),
        ("internal error", TlsFailure.Other, "it had a fault of its own"),
    ];

    internal TlsException Explain(Exception cause, ReadOnlySpan<byte> opening, bool sawEnd)
    {
        if (NotTls(opening) is { } foreign)
            return new TlsException(TlsFailure.NotTls, foreign, cause);
        if (OfAlert(cause) is { } alert)
            return alert;
        var text = Innermost(cause);
        if (text.Contains("unsupported protocol", StringComparison.OrdinalIgnoreCase))
            return new(TlsFailure.NothingInCommon, $"{peer} speaks none of the versions of TLS that we do (1.2 and 1.3).", cause);
        if (text.Contains("no shared cipher", StringComparison.OrdinalIgnoreCase) || text.Contains("no suitable signature", StringComparison.OrdinalIgnoreCase))
            return new(TlsFailure.NothingInCommon, $"{peer} and this node have no cipher suite or kind of signature in common: compare the kinds of their keys, and the option ciphers.", cause);
        if (opening.IsEmpty && (sawEnd || cause is IOException || cause.InnerException is IOException))
        {
            return new(TlsFailure.ClosedByPeer, isServer
                ? $"{peer} called and closed the connection without a word: a port scan, or a check whether the port is open."
                : $"{peer} closed the connection at our first message of TLS. That is what a node does that does not use TLS (start it with -proto_dist inet_tls), and what a port does that is no Erlang node.",
                cause);
        }
        if (sawEnd || cause is IOException || cause.InnerException is IOException)
        {
            return new(TlsFailure.ClosedByPeer,
                $"{peer} closed the connection in the midst of the TLS handshake, without saying why; its log may. {Ours}", cause);
        }
        return new(TlsFailure.Other, $"TLS with {peer} failed: {ChainVerdict.Printable(text)}", cause);
    }

    /// <summary>The alert that the other end sent; null when it was none.</summary>
    internal TlsException? OfAlert(Exception cause)
    {
        var text = Innermost(cause);
        if (!text.Contains("alert", StringComparison.OrdinalIgnoreCase))
            return null;
        foreach (var (name, failure, meaning) in Alerts)
        {
            if (text.Contains(name, StringComparison.OrdinalIgnoreCase))
            {
                return new(failure, $"{peer} refused the TLS handshake: {meaning} (alert {name.Replace(' ', '_')}). "
                    + (failure == TlsFailure.RefusedByPeer ? $"{Ours} {Advice(name)}" : "Its log may say more."), cause);
            }
        }
        return null;
    }

    internal TlsException TimedOut(TimeSpan after, ReadOnlySpan<byte> opening) => new(
        TlsFailure.Timeout,
        opening.IsEmpty && !isServer
            ? $"{peer} has said nothing to our first message of TLS within {after.TotalSeconds:0.#} s. That is what a node does that does not use TLS: start it with -proto_dist inet_tls, or this one without certificates."
            : $"{peer} has not finished the TLS handshake within {after.TotalSeconds:0.#} s.");

    private string Ours => $"Ours, in {material.Files.CertificateFile}: {ChainVerdict.Short(material.Certificate)}.";

    private static string Advice(string alert) => alert switch
    {
        "certificate expired" => "Renew it, or set the clock there right.",
        "certificate revoked" => "Have a new one issued, with a new key.",
        "unknown ca" => "Add that authority to what it trusts (cacertfile), or have ours issued by one of those.",
        "unsupported certificate" => "Issue it with both extended key usages, serverAuth and clientAuth.",
        "handshake failure" => "Put this node's host into the certificate, an address both as DNS and as IP name.",
        "certificate required" => "Its authorities may not be those of ours.",
        _ => "Look at its log, and whether the certificate names this node's host and is issued by an authority that it trusts.",
    };

    // A caller without TLS begins with u16 length, 'N' or 'n'; other protocols with text.
    private string? NotTls(ReadOnlySpan<byte> opening) => opening switch
    {
        [] or [0x14 or 0x15 or 0x16 or 0x17, ..] => null,
        [0, > 0, (byte)'N' or (byte)'n', ..] =>
            $"{peer} speaks the distribution protocol without TLS, and this node demands TLS: start it with -proto_dist inet_tls (Enmesh: Tls with its certificates), or this one with Tls: off.",
        [>= (byte)'A' and <= (byte)'z', >= (byte)'A' and <= (byte)'z', ..] =>
            $"{peer} {(isServer ? "calls" : "answers")} with something else than TLS, HTTP perhaps: that is no Erlang node.",
        _ => isServer
            ? $"{peer} calls with something else than TLS, and this node demands TLS."
            : $"{peer} answers with something else than TLS: it is a node without TLS (start it with -proto_dist inet_tls), or no Erlang node.",
    };

    private static string Innermost(Exception cause)
    {
        var text = cause.Message;
        for (var inner = cause.InnerException; inner is not null; inner = inner.InnerException)
            text = inner.Message;
        return text;
    }
}
