using System.Security.Authentication;
using Enmesh.Certificates;
using Enmesh.TestSupport;

namespace Enmesh.Interop.Tests.Tls;

/// <summary>Real nodes over TLS: how they are started, and a node of ours beside one.</summary>
internal static class TlsPair
{
    internal const string BeamHost = "127.0.0.1";
    internal const string OurHost = "127.0.0.2";

    /// <summary>What a real node needs to be started over TLS.</summary>
    /// <param name="pki">Whose certificates.</param>
    /// <param name="pair">Its certificate; null for one that names its host.</param>
    /// <param name="caPem">Whom it trusts; null for the authority.</param>
    /// <param name="versions">The versions of TLS, as the option has them; null for the release's own.</param>
    /// <param name="more">More options for both roles.</param>
    /// <param name="clientCertificate">Whether it shows a certificate when it dials.</param>
    internal static BeamOptions Options(
        TestPki pki, CertificatePair? pair = null, string? caPem = null, string? versions = null, string more = "", bool clientCertificate = true)
    {
        pair ??= pki.Issue(BeamHost);
        var trust = $"{{cacertfile, \"{{home}}/ca.pem\"}}, {{verify, verify_peer}}{(versions is null ? "" : $", {{versions, [{versions}]}}")}{more}";
        const string Pair = "{certfile, \"{home}/node.pem\"}, {keyfile, \"{home}/node.key\"}, ";
        return new BeamOptions
        {
            Arguments = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", "{home}/ssl_dist.conf"],
            Files = new Dictionary<string, string>
            {
                ["node.pem"] = pair.ChainPem,
                ["node.key"] = pair.KeyPem,
                ["ca.pem"] = caPem ?? pki.Authority.CertificatePem,
                ["ssl_dist.conf"] =
                    $$"""
                    [{server, [{{Pair}}{{trust}}, {fail_if_no_peer_cert, true}]},
                     {client, [{{(clientCertificate ? Pair : "")}}{{trust}}]}].
                    """,
            },
        };
    }

    /// <summary>Starts a real node and one of ours, each with a good certificate unless told otherwise.</summary>
    internal static Task<Pair> StartAsync(
        int release, TestPki pki, string? beamVersions = null, SslProtocols? ourVersions = null, bool published = true) => Pair.StartAsync(
            release, published, Options(pki, versions: beamVersions),
            plan => plan with { Tls = pki.Setup(OurHost, versions: ourVersions) });
}
