using Enmesh.Web.Otlp;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Enmesh.Web;

/// <summary>Adds the export to a collector of OpenTelemetry.</summary>
public static class OtlpExtensions
{
    /// <summary>
    /// Sends the figures of all meters and the spans of all sources of this program to a collector, nodes and the host's own alike, when its
    /// configuration names one: by <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> or the other variables of the OTLP exporter. Without one nothing is done.
    /// </summary>
    /// <remarks>
    /// The variables are read from the host's configuration, which has those of the environment. Metrics and traces have each an endpoint of their own where
    /// <c>OTEL_EXPORTER_OTLP_METRICS_ENDPOINT</c> or <c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c> is set; <c>OTEL_METRICS_EXPORTER=none</c> and
    /// <c>OTEL_TRACES_EXPORTER=none</c> leave one out, <c>OTEL_SDK_DISABLED=true</c> both. What has gathered is sent before the program ends.
    /// </remarks>
    public static IHostApplicationBuilder AddErlangOtlp(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(OtlpService)))
            throw new InvalidOperationException("The export has been added already.");
        builder.Services.AddSingleton(provider => new OtlpService(provider.GetRequiredService<IConfiguration>()));
        // The first to start and the last to end: it tells of the start and the end of the nodes, too.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => provider.GetRequiredService<OtlpService>()));
        return builder;
    }
}
