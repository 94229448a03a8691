using Microsoft.Extensions.Logging;

namespace Enmesh.Kubernetes;

/// <summary>The pod this process runs in, recognized among the members.</summary>
internal sealed class OwnPod(string? given, Func<string, string?> environment, ILogger logger)
{
    private readonly string? _name = Name(given, environment);
    private bool _saidDifferent;

    internal bool IsKnown => _name is not null;

    internal bool Is(Member member, string space) =>
        _name is not null && member.Pod == _name && member.Namespace == space;

    /// <summary>Says once when the others know this node by another name than it has.</summary>
    internal void Compare(NodeName self, NodeName found)
    {
        if (_saidDifferent || self == found)
            return;
        _saidDifferent = true;
        logger.OwnNameDiffers(self, found);
    }

    // HOSTNAME is the pod's name unless the pod says otherwise, and outside of pods it is a machine's.
    private static string? Name(string? given, Func<string, string?> environment)
    {
        var name = given ?? environment("POD_NAME");
        if (string.IsNullOrEmpty(name) && !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST")))
            name = environment("HOSTNAME");
        return string.IsNullOrEmpty(name) ? null : name;
    }
}
