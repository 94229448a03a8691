namespace Enmesh.Discovery;

/// <summary>
/// How often, how evenly and how patiently a source is asked. Every strategy's options have these keys.
/// </summary>
public class DiscoveryPolling
{
    /// <summary>Pause between an answer and the next question. Default 5 s; 100 ms to 1 day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan Interval
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));
    } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Share of <see cref="Interval"/> by which each pause is shortened or prolonged at random, so that the nodes of a
    /// cluster do not ask in step. Default 0.2; 0 to 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public double Jitter
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1);
            field = value;
        }
    } = 0.2;

    /// <summary>
    /// Longest wait for an answer; then the question counts as failed. Default 30 s, which leaves the DNS strategy the
    /// time to find out by itself which name server is silent, and say so; 100 ms to 5 min.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan Timeout
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
    } = TimeSpan.FromSeconds(30);
}

/// <summary>A strategy in use: under which name it appears in views and logs, and how it is asked.</summary>
/// <remarks>A node may have several; their members are united.</remarks>
public sealed class DiscoverySource
{
    /// <summary>Makes a source.</summary>
    /// <param name="name">Its name in views, logs and metrics; distinct within a node.</param>
    /// <param name="discovery">The strategy.</param>
    /// <param name="polling">How it is asked; null for the defaults. The values are copied.</param>
    public DiscoverySource(string name, IPeerDiscovery discovery, DiscoveryPolling? polling = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(discovery);
        polling ??= new DiscoveryPolling();
        Name = name;
        Discovery = discovery;
        Interval = polling.Interval;
        Jitter = polling.Jitter;
        Timeout = polling.Timeout;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The strategy.</summary>
    public IPeerDiscovery Discovery { get; }

    /// <summary>Pause between an answer and the next question.</summary>
    public TimeSpan Interval { get; }

    /// <summary>Share of the interval by which each pause varies.</summary>
    public double Jitter { get; }

    /// <summary>Longest wait for an answer.</summary>
    public TimeSpan Timeout { get; }
}
