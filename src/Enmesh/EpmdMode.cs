namespace Enmesh;

/// <summary>What a node has to do with EPMD, the port mapper of Erlang nodes.</summary>
public enum EpmdMode
{
    /// <summary>Nothing: it listens on a known port, and expects the same of its peers.</summary>
    Off,

    /// <summary>
    /// It registers at the EPMD of its host, so that BEAM nodes find its port there, and asks EPMD for the ports of
    /// others.
    /// </summary>
    Register,

    /// <summary>The same; and it is the EPMD of its host as long as nobody else is.</summary>
    Embedded,
}
