using System.Diagnostics.Metrics;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
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
    /// Inject <see cref="NodeCertificateRenewal"/> to look at it.
    /// </remarks>
    /// <param name="builder">The host.</param>
    /// <param name="configure">Changes the options.</param>
    public static IHostApplicationBuilder AddNodeCertificate(
        this IHostApplicationBuilder builder, Action<NodeCertificateOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddKubernetesClient();
        services.AddSingleton(provider =>
        {
            var logger = provider.GetService<ILoggerFactory>()?.CreateLogger<NodeCertificateRenewal>();
            var time = provider.GetService<TimeProvider>();
            var options = Read(provider.GetRequiredService<IConfiguration>(), configure);
            return new NodeCertificateRenewal(
                new NodeCertificateRequester(provider.GetRequiredService<IKubernetesClient>(), options, time, logger), time, logger,
                provider.GetService<IMeterFactory>());
        });
        // Before every node, in whichever order they were added.
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(
            provider => new NodeCertificateService(provider.GetRequiredService<NodeCertificateRenewal>)));
        return builder;
    }

    private static NodeCertificateOptions Read(IConfiguration configuration, Action<NodeCertificateOptions>? configure)
    {
        var options = new NodeCertificateOptions();
        var problems = new List<string>();
        Bind(new SettingKeys(Section, configuration.GetSection(Section), problems), options);
        configure?.Invoke(options);
        // The node's own name says it first; without a host part there, the environment does, for both.
        if (options.Host is null && configuration[$"{ErlangNodeExtensions.Section}:{nameof(ErlangNodeOptions.Name)}"] is { } name
            && name.Split('@') is [_, { Length: > 0 } host])
        {
            options.Host = host;
        }
        problems.AddRange(options.Validate().Select(problem => $"{Section}:{problem}"));
        return problems.Count == 0
            ? options
            : throw new OptionsValidationException(Options.DefaultName, typeof(NodeCertificateOptions), problems);
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
