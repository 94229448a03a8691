namespace Enmesh.Discovery;

/// <summary>A source of discovery gave no answer. The message says whom it asked and what came of it.</summary>
public sealed class DiscoveryException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public DiscoveryException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
