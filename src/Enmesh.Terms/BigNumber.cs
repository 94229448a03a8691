using System.Numerics;

namespace Enmesh.Terms;

/// <summary>
/// Integers beyond 64 bits as a term keeps them: a sign (0 or 1) and the magnitude without leading zeros, least
/// significant byte first. That is how they travel, and most of them are only ever passed on.
/// </summary>
internal static class BigNumber
{
    /// <summary>Keeps a magnitude that is known not to fit 64 bits.</summary>
    internal static byte[] Create(ReadOnlySpan<byte> magnitude, bool isNegative)
    {
        magnitude = magnitude.TrimEnd((byte)0);
        var number = GC.AllocateUninitializedArray<byte>(magnitude.Length + 1);
        number[0] = isNegative ? (byte)1 : (byte)0;
        magnitude.CopyTo(number.AsSpan(1));
        return number;
    }

    internal static byte[] Create(BigInteger value)
    {
        var magnitude = BigInteger.Abs(value);
        var number = new byte[magnitude.GetByteCount(isUnsigned: true) + 1];
        number[0] = value.Sign < 0 ? (byte)1 : (byte)0;
        magnitude.TryWriteBytes(number.AsSpan(1), out _, isUnsigned: true);
        return number;
    }

    internal static BigInteger ToInteger(byte[] number) =>
        IsNegative(number)
            ? -new BigInteger(Magnitude(number), isUnsigned: true)
            : new(Magnitude(number), isUnsigned: true);

    internal static bool IsNegative(byte[] number) => number[0] != 0;

    internal static ReadOnlySpan<byte> Magnitude(byte[] number) => number.AsSpan(1);

    internal static int Compare(byte[] left, byte[] right)
    {
        if (left[0] != right[0])
            return IsNegative(left) ? -1 : 1;
        var order = left.Length.CompareTo(right.Length);
        for (var i = left.Length - 1; order == 0 && i > 0; i--)
            order = left[i].CompareTo(right[i]);
        return IsNegative(left) ? -order : order;
    }
}
