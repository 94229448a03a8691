using System.Diagnostics.Metrics;
using System.Net;
using Enmesh.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Enmesh.Web;

/// <summary>Adds what operators ask a host with Erlang nodes.</summary>
public static class EndpointExtensions
{
    /// <summary>The section of the configuration that the endpoints read.</summary>
    public const string Section = $"{ErlangNodeExtensions.Section}:Web";

    /// <summary>
    /// Serves a status page, metrics for Prometheus and probes for Kubernetes, on ports of their own. Their addresses come from the section
    /// <c>Enmesh:Web</c> of the configuration, then from <paramref name="configure"/>.
    /// </summary>
    /// <remarks>Probes are answered from before the nodes start until after they have ended.</remarks>
    public static IHostApplicationBuilder AddErlangEndpoints(
        this IHostApplicationBuilder builder, Action<ErlangEndpointOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(EndpointService)))
            throw new InvalidOperationException("The endpoints have been added already.");
        var problems = new List<string>();
        services.AddOptions<ErlangEndpointOptions>()
            .Configure<IConfiguration>((options, configuration) => Bind(options, configuration.GetSection(Section), problems))
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ErlangEndpointOptions>>(new Validation(problems));
        services.TryAddSingleton<WebIsRead>();
        services.TryAddSingleton<Readiness>();
        services.AddSingleton(provider => new EndpointService(
            provider.GetRequiredService<IOptions<ErlangEndpointOptions>>(), provider.GetRequiredService<Readiness>(),
            provider.GetRequiredService<HostedNodes>(), provider.GetRequiredService<ILoggerFactory>(), provider.GetService<IMeterFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        // The first to start and the last to end.
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => provider.GetRequiredService<EndpointService>()));
        return builder;
    }

    /// <summary>
    /// Adds a check to the host's own health checks: whether its nodes have joined their clusters and none is about to leave, as
    /// <c>/readyz</c> tells.
    /// </summary>
    public static IHealthChecksBuilder AddErlangNodes(
        this IHealthChecksBuilder checks, string name = "erlang", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(checks);
        checks.Services.TryAddSingleton<Readiness>();
        return checks.Add(new HealthCheckRegistration(name, provider => provider.GetRequiredService<Readiness>(), failureStatus, tags));
    }

    private static void Bind(ErlangEndpointOptions options, IConfigurationSection section, List<string> problems)
    {
        problems.Clear();
        var keys = new SettingKeys(Section, section, problems);
        Address(nameof(options.Metrics), value => options.Metrics = value);
        Address(nameof(options.Probes), value => options.Probes = value);
        Address(nameof(options.Page), value => options.Page = value);
        keys.Texts(nameof(options.PageHosts), options.PageHosts);
        keys.RefuseOthers();

        void Address(string key, Action<IPEndPoint?> set)
        {
            if (keys.Take(key) is not { } text)
                return;
            if (ErlangEndpointOptions.TryParse(text, out var endPoint))
                set(endPoint);
            else
                keys.Problem(key, $"'{text}' is not an address with a port (0.0.0.0:9153, [::]:9153), a port alone, or 'off'.");
        }
    }

    private sealed class Validation(List<string> problems) : IValidateOptions<ErlangEndpointOptions>
    {
        public ValidateOptionsResult Validate(string? name, ErlangEndpointOptions options)
        {
            List<string> all = [.. problems];
            // The page has a server of its own, so that whoever holds its connections holds no others.
            if (options.Page is { Port: not 0 } page && (page.Equals(options.Metrics) || page.Equals(options.Probes)))
                all.Add($"{Section}:{nameof(options.Page)}: {page} serves metrics or probes already; choose another port.");
            return all.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(all);
        }
    }
}
