namespace Enmesh;

/// <summary>What went wrong with EPMD, the port mapper of Erlang nodes.</summary>
public enum EpmdFailure
{
    /// <summary>No EPMD answers on that host.</summary>
    Unreachable,

    /// <summary>EPMD answers, but knows no node of that name.</summary>
    UnknownNode,

    /// <summary>Another node is registered under the name.</summary>
    NameTaken,

    /// <summary>What answers there does not speak EPMD's protocol.</summary>
    Protocol,
}

/// <summary>EPMD could not help. The message says which one, and what to do.</summary>
public sealed class EpmdException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public EpmdException(EpmdFailure failure, string host, int port, string message, Exception? inner = null)
        : base(message, inner)
    {
        Failure = failure;
        Host = host;
        Port = port;
    }

    /// <summary>The kind of failure.</summary>
    public EpmdFailure Failure { get; }

    /// <summary>The host whose EPMD was asked.</summary>
    public string Host { get; }

    /// <summary>The port of that EPMD.</summary>
    public int Port { get; }
}
