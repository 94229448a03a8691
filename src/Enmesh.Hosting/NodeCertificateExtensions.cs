using System.Diagnostics.Metrics;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>A certificate from cert-manager for the nodes of a host.</summary>
public static class NodeCertificateExtensions
{
    /// <summary>The section of the configuration with its settings.</summary>
    public const string Section = $"{ErlangNodeExtensions.Section}:Certificate";

    /// <summary>
    /// Gets a certificate from cert-manager before any node of this host starts, and renews it from then on. Settings
    /// come from the section <c>Enmesh:Certificate</c>, then from <paramref name="configure"/>; see
    /// <see cref="NodeCertificateOptions"/>. An <see cref="IKubernetesClient"/> is added when there is none.
    /// </summary>
    /// <remarks>
    /// The host does not start without a certificate, and says why. One that is there and only due does not hold it up.
    /// Inject <see cref="NodeCertificateRenewal"/> to look at it. <see cref="NodeCertificateOptions.Host"/> is by default the
    /// host part of the nodes' names, wherever those were set; it has to be said where a name server says theirs
    /// (<see cref="ErlangNodeOptions.HostFrom"/>), and where they have several.
    /// </remarks>
    /// <param name="builder">The host.</param>
    /// <param name="configure">Changes the options.</param>
    /// <exception cref="InvalidOperationException">It has been added already.</exception>
    public static IHostApplicationBuilder AddNodeCertificate(
        this IHostApplicationBuilder builder, Action<NodeCertificateOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(NodeCertificateRenewal)))
            throw new InvalidOperationException("The certificate has been added already; all nodes of a host share it.");
        services.AddKubernetesClient();
        services.AddSingleton(provider =>
        {
            var logger = provider.GetService<ILoggerFactory>()?.CreateLogger<NodeCertificateRenewal>();
            var time = provider.GetService<TimeProvider>();
            var options = Read(provider, configure);
            return new NodeCertificateRenewal(
                new NodeCertificateRequester(provider.GetRequiredService<IKubernetesClient>(), options, time, logger), time, logger,
                provider.GetService<IMeterFactory>());
        });
        // Before every node, in whichever order they were added; and after what was there before the nodes, such as probes, which
        // have to be answered while somebody approves.
        var nodes = services.FirstOrDefault(service => service.ServiceType == typeof(NodeNames))?.ImplementationInstance as NodeNames;
        services.Insert(
            nodes?.FirstHosted is { } first ? services.IndexOf(first) : services.Count,
            ServiceDescriptor.Singleton<IHostedService>(provider => new NodeCertificateService(
                provider.GetRequiredService<NodeCertificateRenewal>, provider.GetRequiredService<IHostApplicationLifetime>(),
                provider.GetService<ILogger<NodeCertificateService>>() ?? NullLogger<NodeCertificateService>.Instance)));
        return builder;
    }

    private static NodeCertificateOptions Read(IServiceProvider provider, Action<NodeCertificateOptions>? configure)
    {
        var options = new NodeCertificateOptions();
        var problems = new List<string>();
        Bind(new SettingKeys(Section, provider.GetRequiredService<IConfiguration>().GetSection(Section), problems), options);
        configure?.Invoke(options);
        if (options.Host is null)
            TakeHost(provider, options, problems);
        problems.AddRange(options.Validate().Select(problem => $"{Section}:{problem}"));
        return problems.Count == 0
            ? options
            : throw new OptionsValidationException(Options.DefaultName, typeof(NodeCertificateOptions), problems);
    }

    // The nodes' own names say it first; without a host part there, the environment does, for both.
    private static void TakeHost(IServiceProvider provider, NodeCertificateOptions options, List<string> problems)
    {
        const string Key = $"{Section}:{nameof(NodeCertificateOptions.Host)}";
        var settings = provider.GetService<IOptionsMonitor<ErlangNodeOptions>>();
        ErlangNodeOptions[] nodes = settings is null ? [] : [.. (provider.GetService<NodeNames>() ?? []).Select(settings.Get)];
        if (Array.Find(nodes, node => node.HostFrom is not null) is { HostFrom: var source })
            problems.Add($"{Key}: the node's host part comes from {source}, and its certificate has to be there before. Name it here.");
        // Without any node the settings of one may still be there, for whoever starts it otherwise.
        var names = nodes.Length > 0
            ? nodes.Select(node => node.Name)
            : [provider.GetRequiredService<IConfiguration>()[$"{ErlangNodeExtensions.Section}:{nameof(ErlangNodeOptions.Name)}"] ?? ""];
        string[] hosts = [.. names.Select(name => name.Split('@')).Where(parts => parts is [_, { Length: > 0 }])
            .Select(parts => parts[1]).Distinct(StringComparer.OrdinalIgnoreCase)];
        if (hosts.Length > 1)
            problems.Add($"{Key}: the nodes have several, {string.Join(", ", hosts)}. Name one here, and the others in {nameof(options.OtherHosts)}.");
        options.Host = hosts.FirstOrDefault();
    }

    internal static void Bind(SettingKeys keys, NodeCertificateOptions options)
    {
        keys.Text(nameof(options.Host), value => options.Host = value);
        keys.Texts(nameof(options.OtherHosts), options.OtherHosts);
        keys.Text(nameof(options.Directory), value => options.Directory = value);
        keys.Text(nameof(options.TrustFile), value => options.TrustFile = value);
        keys.Text(nameof(options.Issuer), value => options.Issuer = value);
        keys.Text(nameof(options.IssuerKind), value => options.IssuerKind = value);
        keys.Text(nameof(options.IssuerGroup), value => options.IssuerGroup = value);
        keys.Text(nameof(options.Namespace), value => options.Namespace = value);
        keys.Duration(nameof(options.Duration), value => options.Duration = value);
        keys.Choice<Certificates.CertificateKeyKind>(nameof(options.Key), value => options.Key = value);
        keys.Duration(nameof(options.Timeout), value => options.Timeout = value);
        keys.Text(nameof(options.PodName), value => options.PodName = value);
        keys.Text(nameof(options.PodUid), value => options.PodUid = value);
        keys.Flag(nameof(options.WithoutPod), value => options.WithoutPod = value);
        keys.RefuseOthers();
    }
}
