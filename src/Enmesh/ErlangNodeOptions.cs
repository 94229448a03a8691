using System.Net;
using Enmesh.Discovery;

namespace Enmesh;

/// <summary>How the node and EPMD, Erlang's port mapper, have to do with one another.</summary>
public enum EpmdMode
{
    /// <summary>Not at all: every node listens on the same, fixed port.</summary>
    Off,

    /// <summary>The node registers with the EPMD of its host and asks that of others for ports.</summary>
    Register,

    /// <summary>The same, and where the host has no EPMD, the node is it.</summary>
    Embedded,
}

/// <summary>The settings of a node. Copied when it starts; later changes have no effect.</summary>
public sealed class ErlangNodeOptions
{
    /// <summary>The fixed distribution port that all nodes share when EPMD is off.</summary>
    public const int DefaultPort = 4370;

    /// <summary>
    /// The name: <c>alive@host</c>, or the part before the <c>@</c> alone. The host is then <c>NODE_HOST</c> or <c>POD_IP</c> from
    /// the environment, else the host's own fully qualified name (its short name with <see cref="ShortNames"/>).
    /// </summary>
    public string Name { get; set; } = "";

    /// <summary>Whether the node has a short name, as after <c>erl -sname</c>. Such nodes only meet their like. Default false.</summary>
    public bool ShortNames { get; set; }

    /// <summary>
    /// The file with the cookie. Default: what <c>ENMESH_COOKIE_FILE</c> names, else <c>~/.erlang.cookie</c>.
    /// </summary>
    public string? CookieFile { get; set; }

    /// <summary>Whether weak and well-known cookies are taken. Default false.</summary>
    public bool Insecure { get; set; }

    /// <summary>
    /// The distribution port to listen on. Default 4370, or what <c>ERL_DIST_PORT</c> says; 0 lets the system choose, which only
    /// makes sense with EPMD.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no port.</exception>
    public int Port
    {
        get;
        set { CheckPort(value); field = value; }
    } = DefaultPort;

    /// <summary>The last port of a range, of which the first free one is taken. Default 0: <see cref="Port"/> alone.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no port.</exception>
    public int LastPort
    {
        get;
        set { CheckPort(value); field = value; }
    }

    /// <summary>
    /// The addresses to listen on. Default: loopback, or every address in a Kubernetes pod. <c>::</c> takes IPv4 as well.
    /// </summary>
    public IList<IPAddress> ListenAddresses { get; } = [];

    /// <summary>Whether calls are taken at all. Default true; a tool that only dials needs no port.</summary>
    public bool Listen { get; set; } = true;

    /// <summary>How the node deals with EPMD. Default <see cref="EpmdMode.Off"/>.</summary>
    public EpmdMode Epmd { get; set; }

    /// <summary>Silence after which a peer counts as lost. Default 60 s; at least 4 s. Give every node of a cluster the same.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 4 s or above an hour.</exception>
    public TimeSpan NetTickTime
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(4));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromHours(1));
            field = value;
        }
    } = TimeSpan.FromSeconds(60);

    /// <summary>How often a tick is due within <see cref="NetTickTime"/>. Default 4; 4 to 1000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int NetTickIntensity
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 4);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1000);
            field = value;
        }
    } = 4;

    /// <summary>The longest pause between two steps of a handshake. Default 7 s, as on the BEAM; 1 s to 2 minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan SetupTime
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromMinutes(2));
            field = value;
        }
    } = TimeSpan.FromSeconds(7);

    /// <summary>Bytes that may wait on one link before its senders do. Default 1 MiB; at least 64 KiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64 KiB.</exception>
    public long SendBufferBytes
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfLessThan(value, 64 << 10); field = value; }
    } = 1 << 20;

    /// <summary>The longest message sent or taken, in bytes. Default 256 MiB; at least 64 KiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64 KiB.</exception>
    public int MaxMessageBytes
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfLessThan(value, 64 << 10); field = value; }
    } = 256 << 20;

    /// <summary>How many atoms of peers are remembered; those beyond cost more to compare. Default 100,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int AtomBudget
    {
        get;
        set { ArgumentOutOfRangeException.ThrowIfNegative(value); field = value; }
    } = Terms.AtomTable.DefaultBudget;

    /// <summary>Where the members of the cluster are found. Default: nowhere; peers are met when they call or are called.</summary>
    public IList<DiscoverySource> Discovery { get; } = [];

    private static void CheckPort(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(value));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, IPEndPoint.MaxPort, nameof(value));
    }
}
