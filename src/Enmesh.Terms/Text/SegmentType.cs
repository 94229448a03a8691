using System.Numerics;

namespace Enmesh.Terms.Text;

internal enum SegmentKind : byte
{
    Integer,
    Float,

    /// <summary>A binary (unit 8) or a bit string (unit 1).</summary>
    Bits,
    Utf8,
    Utf16,
    Utf32,
}

/// <summary>How a value is laid out in a binary: <c>Value:Size/Type</c>.</summary>
internal struct SegmentType
{
    private string? _kind;
    private string? _sign;
    private string? _endianness;

    internal SegmentKind Kind { get; private set; }

    internal bool IsLittleEndian { get; private set; }

    internal readonly bool IsSigned => _sign == "signed";

    internal BigInteger? Size { get; set; }

    internal int? Unit { get; set; }

    private int DefaultUnit { get; set; }

    /// <summary>What is wrong with it as a whole.</summary>
    internal readonly string? Problem =>
        Kind >= SegmentKind.Utf8
            && (Size is not null || Unit is not null) ? "A segment of Unicode has neither size nor unit."
        : Kind is SegmentKind.Integer or SegmentKind.Float && Unit is not null
            && Size is null ? "A segment with a unit needs a size."
        : null;

    /// <summary>The size times the unit; null for all there is.</summary>
    internal readonly BigInteger? BitCount => Kind switch
    {
        SegmentKind.Integer => (Size ?? 8) * (Unit ?? 1),
        SegmentKind.Float => (Size ?? 64) * (Unit ?? 1),
        SegmentKind.Bits => Size * BitUnit,
        _ => null,
    };

    /// <summary>What the length of a binary without a size must be a multiple of.</summary>
    internal readonly int BitUnit => Unit ?? DefaultUnit;

    /// <summary>Takes over one of the words between the hyphens.</summary>
    /// <returns>False when there is no such word, or it contradicts an earlier one.</returns>
    internal bool TrySet(string name)
    {
        switch (name)
        {
            case "signed" or "unsigned":
                return IsNewOrSame(ref _sign, name);
            case "big" or "little" or "native":
                IsLittleEndian = name == "little" || (name == "native" && BitConverter.IsLittleEndian);
                return IsNewOrSame(ref _endianness, name);
            case "integer" or "float" or "utf8" or "utf16" or "utf32":
                Kind = Enum.Parse<SegmentKind>(name, ignoreCase: true);
                return IsNewOrSame(ref _kind, name);
            case "binary" or "bytes":
                (Kind, DefaultUnit) = (SegmentKind.Bits, 8);
                return IsNewOrSame(ref _kind, "binary");
            case "bitstring" or "bits":
                (Kind, DefaultUnit) = (SegmentKind.Bits, 1);
                return IsNewOrSame(ref _kind, "bitstring");
            default:
                return false;
        }
    }

    private static bool IsNewOrSame(ref string? known, string name)
    {
        known ??= name;
        return known == name;
    }
}
