using Microsoft.Extensions.Logging;

namespace Enmesh.Testing;

/// <summary>How a <see cref="TestCluster"/> behaves. Copied when the cluster is made.</summary>
public sealed class TestClusterOptions
{
    /// <summary>
    /// Where the nodes log, say to the output of the test framework. Default null: nowhere; the last warnings and
    /// errors stand in the messages of failures in any case. It stays the caller's.
    /// </summary>
    public ILoggerFactory? Logs { get; set; }

    /// <summary>Whether a node that is started is connected with all others at once. Default true.</summary>
    public bool ConnectNodes { get; set; } = true;

    /// <summary>
    /// How long, in real time, an expectation that is not met waits on once all processes are at rest, and how long a
    /// process may compute outside of its turns: for code that awaits what the cluster cannot see, such as a file. A
    /// test that passes never waits for it. Default 500 ms.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan Patience
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero); field = value; }
    } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long, in real time, processes may go on without coming to rest before the test fails: those that block, or
    /// send each other messages for ever. Default 30 s; at least 100 ms.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 100 ms.</exception>
    public TimeSpan Guard
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(100)); field = value; }
    } = TimeSpan.FromSeconds(30);

    internal TestClusterOptions Copy() => (TestClusterOptions)MemberwiseClone();
}
