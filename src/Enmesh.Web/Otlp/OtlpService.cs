using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Enmesh.Web.Otlp;

/// <summary>Sends metrics and traces by OTLP while the host runs. All that can be set is in the exporter's own variables.</summary>
internal sealed class OtlpService(IConfiguration configuration) : IHostedLifecycleService, IDisposable
{
    private const int FlushMilliseconds = 3_000;

    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    /// <summary>What is sent.</summary>
    internal (bool Metrics, bool Traces) Sends => (_metrics is not null, _traces is not null);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (IsWanted("METRICS"))
        {
            _metrics = Sdk.CreateMeterProviderBuilder().ConfigureServices(services => services.AddSingleton(configuration))
                .AddMeter("*").AddOtlpExporter().Build();
        }
        if (IsWanted("TRACES"))
        {
            _traces = Sdk.CreateTracerProviderBuilder().ConfigureServices(services => services.AddSingleton(configuration))
                .AddSource("*").AddOtlpExporter().Build();
        }
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The last figures of the nodes, whose instruments end with them. A collector that does not answer is not waited for any longer than this.
    public Task StopAsync(CancellationToken cancellationToken) =>
        _metrics is { } metrics ? Task.Run(() => metrics.ForceFlush(FlushMilliseconds), CancellationToken.None) : Task.CompletedTask;

    // Sends what has gathered, and waits for a collector that does not answer no longer than the exporter's own time-outs.
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        Interlocked.Exchange(ref _traces, null)?.Dispose();
        Interlocked.Exchange(ref _metrics, null)?.Dispose();
    }

    private bool IsWanted(string signal) =>
        !"true".Equals(configuration["OTEL_SDK_DISABLED"], StringComparison.OrdinalIgnoreCase)
        && !"none".Equals(configuration[$"OTEL_{signal}_EXPORTER"], StringComparison.OrdinalIgnoreCase)
        && (!string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]));
}
