namespace Enmesh;

/// <summary>What two ends have agreed on, and with which certificates. A link lives on when these have expired.</summary>
public sealed record TlsLink
{
    /// <summary>The version: <c>TLS 1.2</c> or <c>TLS 1.3</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The cipher suite, by its name at IANA.</summary>
    public required string CipherSuite { get; init; }

    /// <summary>The other end's certificate in words: its names, its issuer, its end.</summary>
    public required string Peer { get; init; }

    /// <summary>Until when the other end's certificate is valid.</summary>
    public required DateTimeOffset PeerNotAfter { get; init; }

    /// <summary>The serial number of the other end's certificate, in hexadecimal digits.</summary>
    public required string PeerSerialNumber { get; init; }

    /// <summary>The certificate that this node has shown, in words.</summary>
    public required string Own { get; init; }

    /// <summary>Until when the certificate is valid that this node has shown, and those that lead to its authority.</summary>
    public required DateTimeOffset OwnNotAfter { get; init; }

    /// <summary>The serial number of the certificate that this node has shown.</summary>
    public required string OwnSerialNumber { get; init; }

    /// <summary>When the two agreed.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The first of the two ends: from then on the link lives on certificates of the past.</summary>
    public DateTimeOffset NotAfter => PeerNotAfter < OwnNotAfter ? PeerNotAfter : OwnNotAfter;
}
