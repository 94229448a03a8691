namespace Enmesh.Wire;

/// <summary>What one peer may make us hold.</summary>
internal sealed record FrameLimits
{
    internal static FrameLimits Default { get; } = new();

    /// <summary>The longest message, control and payload together; also the longest frame. Default 256 MiB.</summary>
    internal int MaxMessageBytes { get; init; } = 256 << 20;

    /// <summary>The most messages of which only some fragments have come. Default 4096.</summary>
    internal int MaxUnfinishedMessages { get; init; } = 4096;

    /// <summary>The most memory for messages of which only some fragments have come. Default 512 MiB.</summary>
    internal long MaxUnfinishedBytes { get; init; } = 512L << 20;

    /// <summary>
    /// How many times the received bytes may be set aside because of a number of fragments that was only announced.
    /// 32 lets a message of 2 MiB in fragments of 64 KiB go into its final array at once.
    /// </summary>
    internal int TrustedMultiple { get; init; } = 32;
}
