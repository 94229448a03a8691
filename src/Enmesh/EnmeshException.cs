namespace Enmesh;

/// <summary>Anything that Enmesh reports as its own failure.</summary>
public abstract class EnmeshException : Exception
{
    private protected EnmeshException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A peer broke the distribution protocol. It costs that peer its link, and nobody else anything.</summary>
public sealed class DistributionProtocolException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public DistributionProtocolException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
