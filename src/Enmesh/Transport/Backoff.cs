using System.Security.Cryptography;

namespace Enmesh.Transport;

/// <summary>Pauses that double from one failure to the next, up to a longest one, each shortened at random.</summary>
/// <param name="First">The pause after the first failure.</param>
/// <param name="Longest">The longest pause.</param>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>From half a second to half a minute.</summary>
    public static Backoff Default => new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(30));

    /// <summary>How long to wait after so many failures in a row: half to all of the full pause.</summary>
    /// <remarks>Chance keeps those who failed together from trying again together.</remarks>
    public TimeSpan After(int failures)
    {
        const int Parts = 1000;
        var full = First.Ticks * Math.Pow(2, Math.Min(failures, 32));
        var part = Parts - RandomNumberGenerator.GetInt32((Parts / 2) + 1);
        return TimeSpan.FromTicks((long)Math.Min(full, Longest.Ticks) * part / Parts);
    }
}
