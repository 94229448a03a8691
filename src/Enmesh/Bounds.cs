using System.Runtime.CompilerServices;

namespace Enmesh;

/// <summary>What every setting with bounds checks when it is set.</summary>
internal static class Bounds
{
    /// <summary>The value, when it lies within the bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not; the message says which bounds.</exception>
    internal static T Within<T>(T value, T min, T max, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : IComparable<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, min, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, max, name);
        return value;
    }
}
