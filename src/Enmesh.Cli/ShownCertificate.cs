using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;

namespace Enmesh.Cli;

/// <summary>A certificate that was looked at.</summary>
/// <param name="Source">Where it is from.</param>
/// <param name="Report">What is to be said about it.</param>
/// <param name="Link">The version of TLS and what else the connection tells; null for a file.</param>
internal sealed record ShownCertificate(string Source, CertificateReport Report, string? Link)
{
    /// <summary>What a peer presents. One that wants a certificate of ours and gets none ends the handshake; the first
    /// of its own we have seen by then.</summary>
    internal static async Task<ShownCertificate> OfPeerAsync(
        string host, int port, IReadOnlyList<string> hosts, string? trustFile, X509Certificate2? own, TimeSpan patience,
        CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(patience);
        var chain = new List<X509Certificate2>();
        var (asked, whole) = (false, false);
        string? link = null;
        Exception? problem = null;
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(host, port, deadline.Token).ConfigureAwait(false);
            var stream = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false);
            await using (stream.ConfigureAwait(false))
            {
                await stream.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions
                    {
                        TargetHost = host,
                        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                        CertificateChainPolicy = new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
                        RemoteCertificateValidationCallback = (_, leaf, built, _) => whole = Keep(leaf, built, chain),
                        LocalCertificateSelectionCallback = (_, _, _, leaf, _) =>
                        {
                            asked |= leaf is not null;
                            Keep(leaf, null, chain);
                            return own!;
                        },
                    },
                    deadline.Token).ConfigureAwait(false);
                link = $"{stream.SslProtocol switch { SslProtocols.Tls13 => "TLS 1.3", SslProtocols.Tls12 => "TLS 1.2", var other => other.ToString() }}, {stream.NegotiatedCipherSuite}";
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problem = new TimeoutException($"{host}:{port} did not answer within {patience.TotalSeconds:0.#} s.");
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException)
        {
            problem = e;
        }
        if (chain.Count == 0)
            throw Nothing(host, port, problem);
        link ??= asked ? "it wants a certificate of the caller" : "it ended the handshake";
        var report = CertificateReport.Make(chain, hosts, whole ? Trusted(trustFile) : null, TimeProvider.System.GetUtcNow());
        if (!whole)
            report = report with { Warnings = [.. report.Warnings, "Only its first certificate could be seen; show one of yours (--as) to see where its chain leads."] };
        return new($"{host}:{port}", report, link);
    }

    /// <summary>The authorities in a file; null without one.</summary>
    internal static IReadOnlyList<X509Certificate2>? Trusted(string? file) =>
        file is null ? null : PemText.Certificates(File.ReadAllText(file), file);

    /// <summary>How long it is still valid, in words.</summary>
    internal static string Left(DateTimeOffset notAfter)
    {
        var left = notAfter - TimeProvider.System.GetUtcNow();
        return left < TimeSpan.Zero ? "expired"
            : left.TotalDays >= 2 ? $"{left.TotalDays:0} days left"
            : $"{left.TotalHours:0.#} h left";
    }

    internal ShowResult Result() => new(
        Source, Link, Report.Problems.Count == 0,
        [.. Report.Chain.Select(one => new ShownResult(
            one.Subject, one.Issuer, one.Serial, one.NotBefore, one.NotAfter, one.Names, one.Usages, one.KeyUsages, one.Key, one.Signature))],
        Report.KeyMatches,
        [.. Report.Hosts.Select(host => new HostResult(
            host.Host, [.. host.Verdicts.Select(verdict => new VerdictResult(verdict.Who, verdict.Accepted, verdict.Wanted))]))],
        Report.Problems, Report.Warnings);

    private static bool Keep(X509Certificate? leaf, X509Chain? built, List<X509Certificate2> chain)
    {
        if (leaf is null || (chain.Count > 1 && built is null))
            return true;
        chain.Clear();
        chain.Add(X509CertificateLoader.LoadCertificate(leaf.GetRawCertData()));
        // What it has sent along, in its order; the chain that was built here may have more.
        foreach (var sent in built?.ChainPolicy.ExtraStore ?? [])
        {
            if (!chain.Exists(known => known.RawDataMemory.Span.SequenceEqual(sent.RawDataMemory.Span)))
                chain.Add(X509CertificateLoader.LoadCertificate(sent.RawDataMemory.Span));
        }
        return true;
    }

    private static TimeoutException Nothing(string host, int port, Exception? problem) => problem switch
    {
        TimeoutException late => late,
        SocketException refused => new($"{host}:{port} cannot be reached: {refused.Message}.", refused),
        _ => new($"{host}:{port} does not speak TLS, or ended before it showed a certificate: {problem?.Message ?? "nothing came"}", problem),
    };
}
