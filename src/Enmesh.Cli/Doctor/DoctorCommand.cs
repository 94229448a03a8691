using System.CommandLine;
using System.Globalization;
using Enmesh.Kubernetes.Api;

namespace Enmesh.Cli.Doctor;

/// <summary><c>enmesh doctor [NODE]</c>: at which step does a connection fail, why, and what is to be done?</summary>
internal static class DoctorCommand
{
    private const double UsualListening = 6;
    private const int UsualPeers = 16;

    internal static Command Create()
    {
        var node = new Argument<string?>("node") { Description = "The node to reach: alive@host. Without one, all that discovery names.", HelpName = "NODE", Arity = ArgumentArity.ZeroOrOne };
        var name = new Option<string?>("--name") { Description = "The name of the node that runs, or is to run, here: alive@host, or the part before the @.", HelpName = "NAME" };
        var hostFrom = new Option<string?>("--host-from") { Description = "Take the host part of the name from a name server: srv:NAME or ptr.", HelpName = "SOURCE" };
        var shortNames = new Option<bool>("--short-names") { Description = "Use a short host name, as erl -sname." };
        var port = NumberOptions.Port("--port", "NODE's distribution port. Default: as nodes here find it out.");
        var peers = NumberOptions.Count("--peers", $"How many of those that discovery names are walked to; 0 dials nobody. Default: {UsualPeers}.", UsualPeers, 1000);
        var addresses = new Option<string?>("--listen") { Description = "The addresses on which the node listens, or is to listen, with commas.", HelpName = "ADDRESSES" };
        var listen = NumberOptions.Seconds("--listen-for", $"How long to listen to gossip. Default: {UsualListening}.", UsualListening, 0.1, 3600);
        var trust = new Option<string>("--trust-namespace")
        {
            Description = "Where trust-manager takes Secrets from.",
            HelpName = "NAME",
            DefaultValueFactory = static _ => "cert-manager",
        };
        var tool = new ToolNode();
        var sources = new SourceOptions();
        var cluster = new ClusterApiOptions();
        var command = new Verb(
            "doctor",
            "Walk each step of a connection, and say which one fails, why, and what to do.",
            """
            The settings are those of `enmesh node`: arguments, environment, appsettings.json. First this host: settings, name, address, cookie file,
            certificate, resolv.conf, discovery, and where the Kubernetes API may be asked the Service, CoreDNS and trust-manager's Bundle. Then the way to
            each peer: port, TCP, TLS, handshake, cookie, ping, clock. At last whom each of them sees. Nothing is registered, and peers are dialled by a
            hidden node of a name of its own, which leaves again. What each finding means, and what to do, is in docs/doctor.md.

            Examples:
              enmesh doctor orders@10.0.0.7
              enmesh doctor --name orders@10.0.0.7 --dns orders-headless --tls-cert tls.crt --tls-key tls.key --tls-ca ca.crt
              kubectl exec orders-0 -- enmesh doctor --json

            Exit status of this verb, by the first thing that fails:
              0  nothing is wrong           10  settings, name, cookie file     14  handshake, cookie, ping
              1  it was given up            11  name servers, discovery         15  cluster: views, releases, clocks
              2  wrong arguments            12  network: TCP, EPMD              16  host: processor time, threads
              3  there are only warnings    13  certificates, TLS
            """) { node, name, hostFrom, shortNames, addresses, port, peers, listen };
        // The port of these options is that of the peer; the node's own is a setting.
        foreach (var option in new Option[] { tool.CookieFile, tool.Insecure, tool.EpmdPort, tool.Timeout, tool.Json })
            command.Options.Add(option);
        tool.Tls.AddTo(command);
        sources.AddTo(command);
        command.Options.Add(cluster.KubeConfig);
        command.Options.Add(cluster.Context);
        command.Options.Add(trust);
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new Dictionary<string, string?>(sources.Settings(parsed).Concat(tool.Tls.Settings(parsed)));
            void Put(string key, string? value)
            {
                if (value is not null)
                    settings[key] = value;
            }

            Put("Name", parsed.GetValue(name));
            Put("HostFrom", parsed.GetValue(hostFrom));
            Put("ListenAddresses", parsed.GetValue(addresses));
            Put("ShortNames", parsed.GetValue(shortNames) ? "true" : null);
            Put("CookieFile", parsed.GetValue(tool.CookieFile));
            Put("Insecure", parsed.GetValue(tool.Insecure) ? "true" : null);
            Put("EpmdPort", parsed.GetValue(tool.EpmdPort)?.ToString(CultureInfo.InvariantCulture));
            var asJson = parsed.GetValue(tool.Json);
            return RunAsync(
                new Examination
                {
                    Kubernetes = ApiOf(cluster, parsed),
                    Configuration = NodeConfiguration.Read(settings),
                    Target = parsed.GetValue(node) is { } target ? NodeName.Parse(target) : null,
                    Port = parsed.GetValue(port),
                    Timeout = tool.TimeoutOf(parsed),
                    TrustNamespace = parsed.GetValue(trust)!,
                    Listening = TimeSpan.FromSeconds(parsed.GetValue(listen)),
                    MaxPeers = parsed.GetValue(peers),
                    Told = asJson ? null : DoctorReport.Print,
                },
                asJson, cancellationToken);
        });
        return command;
    }

    // Elsewhere than in a pod it has to be said which cluster is meant.
    private static KubernetesClient? ApiOf(ClusterApiOptions cluster, ParseResult parsed)
    {
        var isGiven = (parsed.GetValue(cluster.KubeConfig) ?? parsed.GetValue(cluster.Context)) is not null;
        try
        {
            return isGiven || new Surroundings().InPod ? cluster.Connect(parsed) : null;
        }
        catch (KubernetesException) when (!isGiven)
        {
            return null; // a pod without a token; what needs it says so
        }
    }

    private static async Task<int> RunAsync(Examination examination, bool asJson, CancellationToken cancellationToken)
    {
        await Walk.RunAsync(examination, cancellationToken).ConfigureAwait(false);
        if (asJson)
            Json.Print(DoctorReport.Result(examination));
        else
            DoctorReport.PrintEnd(examination);
        return examination.ExitStatus;
    }
}
