namespace Enmesh;

/// <summary>Why nobody answered at the address of a peer.</summary>
public enum UnreachableReason
{
    /// <summary>The host is there, but nothing listens on the port.</summary>
    Refused,

    /// <summary>No answer came in time: a filter drops the packets, or the host is gone.</summary>
    TimedOut,

    /// <summary>There is no route to the host or its network.</summary>
    NoRoute,

    /// <summary>The host name does not resolve.</summary>
    NameNotFound,

    /// <summary>Something else; the message and the inner exception say what.</summary>
    Other,
}

/// <summary>No connection could be made to a host and port.</summary>
public sealed class PeerUnreachableException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public PeerUnreachableException(
        string host, int port, UnreachableReason reason, string message, Exception? inner = null)
        : base(message, inner)
    {
        Host = host;
        Port = port;
        Reason = reason;
    }

    /// <summary>The host as it was asked for: a name or an address.</summary>
    public string Host { get; }

    /// <summary>The port that was dialled; 0 when none is known yet.</summary>
    public int Port { get; }

    /// <summary>The kind of failure.</summary>
    public UnreachableReason Reason { get; }
}

/// <summary>An address could not be listened on. The message names it and says what to do.</summary>
public sealed class ListenFailedException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public ListenFailedException(string address, int port, bool inUse, string message, Exception? inner = null)
        : base(message, inner)
    {
        Address = address;
        Port = port;
        InUse = inUse;
    }

    /// <summary>The address.</summary>
    public string Address { get; }

    /// <summary>The port; of a range the first.</summary>
    public int Port { get; }

    /// <summary>Whether another socket has the port, and not something else is wrong.</summary>
    public bool InUse { get; }
}
