namespace Enmesh.Cli.Doctor;

// The way to a peer, in the order of its steps.
internal static partial class Diagnoses
{
    internal static readonly Diagnosis EpmdAbsent = new(
        "epmd.absent", Severity.Note, DiagnosisClass.Network, "Nothing, where all nodes have one fixed port. A BEAM without -start_epmd false has an EPMD.");

    internal static readonly Diagnosis EpmdUnknownNodeTried = new(
        "epmd.unknown-node-tried", Severity.Warning, DiagnosisClass.Network,
        "A node that is not registered there is down, has another name, or does without EPMD; the fixed port is tried.");

    internal static readonly Diagnosis EpmdUnreachable = new(
        "epmd.unreachable", Severity.Failure, DiagnosisClass.Network,
        "Start EPMD on the peer's host, or let port 4369 through; or run all nodes without it, on one fixed port (Epmd: off).");

    internal static readonly Diagnosis EpmdUnknownNode = new(
        "epmd.unknown-node", Severity.Failure, DiagnosisClass.Network,
        "The node is down, or has another name: compare the part before the @ with what `enmesh names HOST` lists.");

    internal static readonly Diagnosis EpmdProtocol = new(
        "epmd.protocol", Severity.Failure, DiagnosisClass.Network, "Something else has EPMD's port there. Find out what (ss -ltnp), or say where EPMD is: --epmd-port.");

    internal static readonly Diagnosis DnsUnknownHost = new(
        "dns.unknown-host", Severity.Failure, DiagnosisClass.Discovery,
        "The host part of the peer's name does not resolve here. Of a pod it does below a headless Service, with hostname and subdomain set, and before the pod is ready only with publishNotReadyAddresses.");

    internal static readonly Diagnosis TcpRefused = new(
        "tcp.refused", Severity.Failure, DiagnosisClass.Network,
        "The host is there and nothing listens on that port. Is the node up? Has it another port, or listens on loopback only? Look at its log, and at `ss -ltn` there.");

    internal static readonly Diagnosis TcpNoAnswer = new(
        "tcp.no-answer", Severity.Failure, DiagnosisClass.Network,
        "Packets vanish. A NetworkPolicy or firewall drops them: let the cluster's pods have that port, ingress and egress. Or the pod of that address is gone.");

    internal static readonly Diagnosis TcpNoRoute = new(
        "tcp.no-route", Severity.Failure, DiagnosisClass.Network, "This host knows no way to that address. Compare the families (IPv4, IPv6), the routes, and whether a pod of another cluster is meant.");

    internal static readonly Diagnosis TcpReset = new(
        "tcp.reset", Severity.Failure, DiagnosisClass.Network,
        "Something accepts the connection and breaks it off: a sidecar of a service mesh, a load balancer without a backend, a node that is ending. Take the distribution port out of the mesh, and dial pods, not a Service's address.");

    internal static readonly Diagnosis TcpOther = new("tcp.other", Severity.Failure, DiagnosisClass.Network, "The operating system says why; see there.");

    internal static readonly Diagnosis TlsDemandedByPeer = new(
        "tls.demanded-by-peer", Severity.Failure, DiagnosisClass.Certificates,
        "Give this side certificates: --tls-cert, --tls-key and --tls-ca, or Enmesh__Tls__CertificateFile and so on.");

    internal static readonly Diagnosis TlsNotSpoken = new(
        "tls.not-spoken", Severity.Failure, DiagnosisClass.Certificates, "Start that node with TLS (erl -proto_dist inet_tls; Enmesh: Tls), or dial it without (--no-tls).");

    internal static readonly Diagnosis TlsSilent = new(
        "tls.silent", Severity.Failure, DiagnosisClass.Certificates,
        "A BEAM without TLS waits at that point and says nothing: start it with -proto_dist inet_tls, or dial it without (--no-tls).");

    internal static readonly Diagnosis TlsClosed = new(
        "tls.closed", Severity.Failure, DiagnosisClass.Certificates,
        "Its log says why, most likely that it does not take our certificate (.NET says nothing over the wire); or it does not use TLS at all.");

    internal static readonly Diagnosis TlsNoCertificate = new("tls.no-certificate", Severity.Failure, DiagnosisClass.Certificates, "Give that node a certificate for both roles.");

    internal static readonly Diagnosis TlsExpired = new(
        "tls.expired", Severity.Failure, DiagnosisClass.Certificates, "Renew the certificate of that node, and find out there why the renewal has stopped.");

    internal static readonly Diagnosis TlsNotYetValid = new(
        "tls.not-yet-valid", Severity.Failure, DiagnosisClass.Certificates, "Compare the clocks of the two hosts and of the issuer, or wait.");

    internal static readonly Diagnosis TlsSelfSigned = new(
        "tls.self-signed", Severity.Failure, DiagnosisClass.Certificates, "Have that node's certificate issued by the cluster's authority.");

    internal static readonly Diagnosis TlsUnknownAuthority = new(
        "tls.unknown-authority", Severity.Failure, DiagnosisClass.Certificates,
        "In the midst of a change of the authority: add the new one to what every node trusts, before anything is issued by it. Else the two nodes belong to different clusters.");

    internal static readonly Diagnosis TlsRevoked = new("tls.revoked", Severity.Failure, DiagnosisClass.Certificates, "Have a new one issued there, with a new key.");

    internal static readonly Diagnosis TlsWrongName = new(
        "tls.wrong-name", Severity.Failure, DiagnosisClass.Certificates,
        "Have the peer's certificate issued for the host part of its name; or that address belongs to another node by now, and discovery is behind.");

    internal static readonly Diagnosis TlsWrongUsage = new(
        "tls.wrong-usage", Severity.Failure, DiagnosisClass.Certificates, "Have it issued with both extended key usages, serverAuth and clientAuth.");

    internal static readonly Diagnosis TlsBadCertificate = new("tls.bad-certificate", Severity.Failure, DiagnosisClass.Certificates, "Have it issued anew.");

    internal static readonly Diagnosis TlsRefusedByPeer = new(
        "tls.refused-by-peer", Severity.Failure, DiagnosisClass.Certificates,
        "The fault is in our certificate, or in what that node trusts: it must know our authority, and find this host among our names.");

    internal static readonly Diagnosis TlsNothingInCommon = new(
        "tls.nothing-in-common", Severity.Failure, DiagnosisClass.Certificates, "Allow TLS 1.2 or 1.3 at both ends, with cipher suites that fit the kinds of the keys.");

    internal static readonly Diagnosis TlsOther = new("tls.other", Severity.Failure, DiagnosisClass.Certificates, "See what the library says, and the log of the other end.");

    internal static readonly Diagnosis TlsPeerExpiring = new(
        "tls.peer-expiring", Severity.Warning, DiagnosisClass.Certificates, "Look at the renewal of that node's certificate, unless it is one of those that live for hours.");

    internal static readonly Diagnosis HandshakeClosed = new(
        "handshake.closed", Severity.Failure, DiagnosisClass.Handshake,
        "What listens there is no Erlang node, demands TLS, or does not take our name. Its log says which.");

    internal static readonly Diagnosis HandshakeSilent = new(
        "handshake.silent", Severity.Failure, DiagnosisClass.Handshake,
        "The port is open and nobody speaks: a node that is stopped or has no processor time, a proxy without a backend, or no Erlang node.");

    internal static readonly Diagnosis HandshakeNotErlang = new(
        "handshake.not-erlang", Severity.Failure, DiagnosisClass.Handshake, "Compare the port: this is another service's. 4370 is the usual one here; 8080, 8081 and 9153 are not for nodes.");

    internal static readonly Diagnosis HandshakeOld = new(
        "handshake.old", Severity.Failure, DiagnosisClass.Handshake, "Bring that node to OTP 23 or later.");

    internal static readonly Diagnosis HandshakeFlags = new(
        "handshake.flags", Severity.Failure, DiagnosisClass.Handshake, "Bring that node to OTP 23 or later; a node of another kind must learn what it lacks.");

    internal static readonly Diagnosis HandshakeNotAllowed = new(
        "handshake.not-allowed", Severity.Failure, DiagnosisClass.Handshake,
        "That node lets nobody in whom it does not know (net_kernel:allow/1, AllowedNodes), is ending, or finds that our certificate is another's. Its log says which.");

    internal static readonly Diagnosis HandshakeNameDiffers = new(
        "handshake.name-differs", Severity.Failure, DiagnosisClass.Handshake,
        "Another node has that address by now, or it is spelled differently there. Compare `erlang:node().` there with the name in discovery.");

    internal static readonly Diagnosis HandshakeBusy = new(
        "handshake.busy", Severity.Failure, DiagnosisClass.Handshake, "Another call between the two goes ahead and does not end. Ask again; should it stay so, look at the log of that node.");

    internal static readonly Diagnosis HandshakeOther = new("handshake.other", Severity.Failure, DiagnosisClass.Handshake, "Follow it step by step: enmesh trace NODE.");

    internal static readonly Diagnosis CookieDiffers = new(
        "cookie.differs", Severity.Failure, DiagnosisClass.Handshake,
        "Give both the same cookie. Compare `erlang:get_cookie().` there with the file here; a line end or a blank counts. After a change of the Secret, restart the BEAMs: they read it once.");

    internal static readonly Diagnosis PingSilent = new(
        "ping.silent", Severity.Failure, DiagnosisClass.Handshake, "The link is up and the node does not work: look at its processor time, its memory, and whether it is stopped.");

    internal static readonly Diagnosis PingFailed = new(
        "ping.failed", Severity.Failure, DiagnosisClass.Handshake, "It is connected and has no net_kernel to ask, as a C node; or the link was lost at once: look at its log.");
}
