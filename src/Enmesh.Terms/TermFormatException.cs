namespace Enmesh.Terms;

/// <summary>Bytes or text that are no term. Says where.</summary>
public sealed class TermFormatException : FormatException
{
    /// <summary>Makes the exception for a place in the input.</summary>
    public TermFormatException(string message, long offset)
        : base($"{message} (at offset {offset})") => Offset = offset;

    /// <summary>Where in the input, counted from 0.</summary>
    public long Offset { get; }
}
