using Enmesh.Wire;

namespace Enmesh.Handshake;

/// <summary>The words for capabilities that one of two nodes lacks.</summary>
internal static class CapabilityText
{
    /// <summary>So many are named; of more than these the release says it better.</summary>
    private const int Named = 3;

    /// <summary>Why a peer is refused that lacks what we need.</summary>
    internal static string PeerLacks(string who, DistributionFlags missing)
    {
        var count = missing.Count();
        return count <= Named
            ? $"{who} lacks {missing.Describe()}; every node from OTP 23 on has that."
            : $"{who} lacks {count} capabilities that every node from OTP 23 on has, {missing.First(Named).Describe()} "
                + "among them: it is of an older release, or no Erlang node at all.";
    }

    /// <summary>The end of a sentence: what a peer may demand of us in vain, as far as we know its flags.</summary>
    /// <param name="ours">What we have.</param>
    /// <param name="theirs">What it has, and so may demand; null when it has not said.</param>
    internal static string MayDemand(DistributionFlags ours, DistributionFlags? theirs)
    {
        if (theirs is not { } known)
            return "it demands a capability that we lack, which no release from OTP 23 to 29 does";
        var missing = known.Expand() & ~(ours.Expand() | NotDemanded);
        var count = missing.Count();
        return count == 0 ? "it demands something of which it says nothing"
            : count <= Named ? $"it demands what we lack: {missing.Describe()}"
            : $"it demands some of the {count} capabilities that we lack, such as {missing.First(Named).Describe()}";
    }

    /// <summary>What a node says of itself only, and demands of nobody.</summary>
    private const DistributionFlags NotDemanded = DistributionFlags.Published | DistributionFlags.NameMe;
}
