namespace Enmesh.Testing;

/// <summary>
/// An expectation of a test was not met. The message says what was expected, what is in the probe's mailbox, which
/// processes are alive and what has ended, and at what time all that is.
/// </summary>
/// <remarks>Test frameworks report any exception as a failure; this one needs none of them.</remarks>
public sealed class TestFailureException : Exception
{
    internal TestFailureException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
