using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Enmesh.Cli.Consoles;
using Enmesh.Cli.Ssh;
using Enmesh.Consoles;
using Enmesh.Hosting;
using Enmesh.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Enmesh.Cli;

/// <summary>
/// <c>enmesh node</c>: the ready-made node, configured by arguments, environment and appsettings.json.
/// </summary>
internal static class NodeCommand
{
    internal const string Name = "node";

    internal static Command Create()
    {
        var name = new Option<string?>("--name") { Description = "The node's name, alive@host, or the part before the @.", HelpName = "NAME" };
        var shortNames = new Option<bool>("--short-names") { Description = "Use a short host name, as erl -sname." };
        var cookie = new Option<string?>("--cookie-file") { Description = "The file with the cookie. Default: $ENMESH_COOKIE_FILE, else ~/.erlang.cookie.", HelpName = "FILE" };
        var insecure = new Option<bool>("--insecure") { Description = "Take weak and well-known cookies too." };
        var listen = new Option<string?>("--listen") { Description = "Addresses to listen on, with commas. Default: loopback; all in a Kubernetes pod.", HelpName = "ADDRESSES" };
        var port = NumberOptions.Port(
            "--port", "The distribution port. Default: $ERL_DIST_PORT, else 4370; 0 takes a free one.", min: 0);
        var epmd = new Option<string?>("--epmd") { Description = "What to do about EPMD. Default: off.", HelpName = "off|register|embedded" };
        var epmdPort = NumberOptions.Port("--epmd-port", "The port of EPMD. Default: $ERL_EPMD_PORT, else 4369.");
        var hostFrom = new Option<string?>("--host-from") { Description = "Take the host part of the name from a name server: srv:NAME or ptr.", HelpName = "SOURCE" };
        var hidden = new Option<bool>("--hidden") { Description = "Stay out of nodes(), global and pg: a hidden node, as erl -hidden." };
        var tls = new TlsCommandOptions();
        var console = new Option<string?>("--console") { Description = "Where `enmesh console` finds this node: on for the usual place, off, or the path of a socket. Default: on.", HelpName = "on|off|PATH" };
        var sources = new SourceOptions();
        var metrics = new Option<string?>("--metrics") { Description = "Serve /metrics for Prometheus there; in a pod 9153 unless told otherwise, elsewhere off.", HelpName = "ADDRESS:PORT|off" };
        var probes = new Option<string?>("--probes") { Description = "Serve /livez and /readyz there; in a pod 8081 unless told otherwise, elsewhere off.", HelpName = "ADDRESS:PORT|off" };
        var page = new Option<string?>("--page") { Description = "Serve the status page there; in a pod 8080 unless told otherwise, elsewhere off.", HelpName = "ADDRESS:PORT|off" };
        var ssh = new SshNodeOptions();
        var log = new Option<string>("--log") { Description = "How it logs, on stderr: lines for people, or one JSON object a line for programs.", DefaultValueFactory = static _ => "text", HelpName = "text|json" };
        log.AcceptOnlyFromAmong("text", "json");
        var untilInputEnds = new Option<bool>("--until-stdin-closes") { Description = "End when stdin does, for whoever starts nodes as its children.", Hidden = true };
        var command = new Verb(
            Name,
            "Run one node until Ctrl-C.",
            """
            Every other setting comes from the environment or from appsettings.json, section Enmesh:
              Enmesh__NetTickTime=30
              Enmesh__Discovery__main__Strategy=dns Enmesh__Discovery__main__Domains=orders-headless
            With a section Enmesh:Certificate it gets its certificate from cert-manager, and renews it.

            Examples:
              enmesh node --name a@127.0.0.1 --port 0 --epmd embedded --epmd-host localhost
              enmesh node --name a@127.0.0.1 --port 4370 --peer b@127.0.0.1:4371
              enmesh node --name a@127.0.0.1 --page 127.0.0.1:8080 --metrics 127.0.0.1:9153 --probes 127.0.0.1:8081
              enmesh node --name a@10.0.0.7 --listen 10.0.0.7 --tls-cert tls.crt --tls-key tls.key --tls-ca ca.crt --dns orders
            """)
        {
            name, hostFrom, shortNames, cookie, insecure, listen, port, epmd, epmdPort, hidden, page, metrics, probes, console, log, untilInputEnds,
        };
        tls.AddTo(command);
        ssh.AddTo(command);
        sources.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new Dictionary<string, string?>();
            void Put(string key, string? value)
            {
                if (value is not null)
                    settings[$"Enmesh:{key}"] = value;
            }

            Put("Name", parsed.GetValue(name));
            Put("HostFrom", parsed.GetValue(hostFrom));
            Put("ShortNames", parsed.GetValue(shortNames) ? "true" : null);
            Put("CookieFile", parsed.GetValue(cookie));
            Put("Insecure", parsed.GetValue(insecure) ? "true" : null);
            Put("Hidden", parsed.GetValue(hidden) ? "true" : null);
            Put("ListenAddresses", parsed.GetValue(listen));
            Put("Port", parsed.GetValue(port)?.ToString(CultureInfo.InvariantCulture));
            Put("Epmd", parsed.GetValue(epmd));
            Put("Web:Page", parsed.GetValue(page));
            Put("Web:Metrics", parsed.GetValue(metrics));
            Put("Web:Probes", parsed.GetValue(probes));
            Put("EpmdPort", parsed.GetValue(epmdPort)?.ToString(CultureInfo.InvariantCulture));
            foreach (var (key, value) in tls.Settings(parsed).Concat(ssh.Settings(parsed)).Concat(sources.Settings(parsed)))
                Put(key, value);
            return RunAsync(settings, parsed.GetValue(console) ?? ConsolePath.Usual, parsed.GetValue(log) == "json", parsed.GetValue(untilInputEnds), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Dictionary<string, string?> settings, string console, bool json, bool untilInputEnds, CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        AddLog(builder.Logging, json);
        var added = builder.AddErlangNode();
        SshNodeOptions.AddTo(added, builder.Configuration);
        AddEndpoints(builder);
        builder.Services.AddSingleton<IHostedService>(provider => new NodeConsole(provider.GetRequiredService<ErlangNode>, console));
        if (builder.Configuration.GetSection(NodeCertificateExtensions.Section).Exists())
        {
            var from = await ConfiguredHost.FindAsync(builder.Configuration, cancellationToken).ConfigureAwait(false);
            builder.AddNodeCertificate(certificate => certificate.Host ??= from);
        }
        builder.AddErlangOtlp(); // where the environment names a collector
        using var host = builder.Build();
        // Also when a peer stops it, or its servers have given up.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        // systemd and Kubernetes end a process with SIGTERM; the default action would skip the node's own end.
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await host.StartAsync(stopping.Token).ConfigureAwait(false);
        }
        catch (OptionsValidationException e)
        {
            foreach (var failure in e.Failures)
                CommandLine.Complain(failure);
            return ExitCode.Usage;
        }
        var node = host.Services.GetRequiredService<ErlangNode>();
        Console.Out.WriteLine($"{node.Name} is up{(node.Port is { } port ? $" on port {port}" : "")}.");
        if (host.Services.GetService<EndpointService>() is { } endpoints)
            Tell(endpoints);
        if (untilInputEnds)
            _ = WaitForEndOfInputAsync(stopping);
        await Task.Delay(Timeout.Infinite, stopping.Token)
            .ContinueWith(static _ => { }, TaskScheduler.Default)
            .ConfigureAwait(false);
        await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        return Environment.ExitCode;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }
    }

    // On stderr: results are on stdout.
    private static void AddLog(ILoggingBuilder logging, bool json)
    {
        logging.ClearProviders();
        if (json)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
                console.ColorBehavior = LoggerColorBehavior.Default;
            });
        }
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // Why the host did not start is said below, in one sentence and without a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
    }

    // Off where nobody asked for it and no operator is to be expected: several nodes of one machine would want the same ports.
    private static void AddEndpoints(HostApplicationBuilder builder)
    {
        var inPod = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"));
        var section = builder.Configuration.GetSection(EndpointExtensions.Section);
        if (!inPod && !section.Exists())
            return;
        builder.AddErlangEndpoints(options =>
        {
            if (!inPod && section[nameof(options.Page)] is null)
                options.Page = null;
            if (!inPod && section[nameof(options.Metrics)] is null)
                options.Metrics = null;
            if (!inPod && section[nameof(options.Probes)] is null)
                options.Probes = null;
        });
    }

    private static void Tell(EndpointService endpoints)
    {
        if (endpoints.Page is { } page)
            Console.Out.WriteLine($"Page: http://{page}/");
        if (endpoints.Metrics is { } metrics)
            Console.Out.WriteLine($"Metrics: http://{metrics}/metrics");
        if (endpoints.Probes is { } probes)
            Console.Out.WriteLine($"Probes: http://{probes}/readyz and /livez");
    }

    private static async Task WaitForEndOfInputAsync(CancellationTokenSource stopping)
    {
        var buffer = new byte[64];
        var input = Console.OpenStandardInput();
        await using (input.ConfigureAwait(false))
        {
            while (await input.ReadAsync(buffer).ConfigureAwait(false) > 0)
            {
                // Whatever comes is of no interest, only its end is.
            }
        }
        await stopping.CancelAsync().ConfigureAwait(false);
    }
}
