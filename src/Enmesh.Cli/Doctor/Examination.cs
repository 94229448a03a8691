using Enmesh.Discovery;
using Enmesh.Kubernetes.Api;

namespace Enmesh.Cli.Doctor;

/// <summary>What is to be looked at, and what has been found so far.</summary>
internal sealed class Examination
{
    private readonly List<Finding> _findings = [];

    /// <summary>The settings of the node that would run here.</summary>
    internal required NodeConfiguration Configuration { get; init; }

    internal ErlangNodeOptions Options => Configuration.Options;

    internal Surroundings Around { get; init; } = new();

    /// <summary>Whether somebody has said how this host's own node is called.</summary>
    internal bool HasOwnName => Options.Name.Length > 0 || Options.NameFrom is not null;

    /// <summary>The node that is to be reached; null for all that discovery finds.</summary>
    internal NodeName? Target { get; init; }

    /// <summary>The target's port when somebody has said it.</summary>
    internal int? Port { get; init; }

    /// <summary>How long to wait for an answer.</summary>
    internal TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where trust-manager takes Secrets from.</summary>
    internal string TrustNamespace { get; init; } = "cert-manager";

    /// <summary>How long to listen to gossip.</summary>
    internal TimeSpan Listening { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How many peers are walked to at most.</summary>
    internal int MaxPeers { get; init; } = 16;

    /// <summary>Is told of each finding, in order.</summary>
    internal Action<Finding>? Told { get; init; }

    /// <summary>The node's own name, once that is settled.</summary>
    internal NodeName? Self { get; set; }

    /// <summary>Whom discovery names, and the target.</summary>
    internal List<DiscoveredPeer> Peers { get; } = [];

    /// <summary>The node that dials; null when it could not be started.</summary>
    internal ErlangNode? Tool { get; set; }

    /// <summary>The peers that were walked to.</summary>
    internal List<ExaminedPeer> Walked { get; } = [];

    internal IReadOnlyList<Finding> Findings => _findings;

    /// <summary>The Kubernetes API, where there is one to be asked.</summary>
    internal IKubernetesClient? Kubernetes { get; init; }

    /// <summary>What CoreDNS is told; null when that is not known.</summary>
    internal string? Corefile { get; set; }

    /// <summary>The worst there is.</summary>
    internal Severity Worst => _findings.Any(one => one.Severity == Severity.Failure) ? Severity.Failure
        : _findings.Any(one => one.Severity == Severity.Warning) ? Severity.Warning : Severity.Good;

    /// <summary>The first failure on the way decides: what comes behind it follows from it, most likely.</summary>
    internal int ExitStatus => Worst switch
    {
        Severity.Failure => (int)_findings.First(one => one.Severity == Severity.Failure).Diagnosis!.Class,
        Severity.Warning => ExitCode.Warnings,
        _ => ExitCode.Success,
    };

    internal void Add(Finding finding)
    {
        _findings.Add(finding);
        Told?.Invoke(finding);
    }

    internal void Good(string step, string text) => Add(new(step, null, Severity.Good, text));

    internal void Note(string step, string text) => Add(new(step, null, Severity.Note, text));

    internal void Skip(string step, string why) => Add(new(step, null, Severity.Skipped, why));

    internal void Report(string step, Diagnosis diagnosis, string text, string? advice = null) =>
        Add(new(step, null, diagnosis.Severity, text, diagnosis, advice));
}

/// <summary>One peer, how far the way to it went, and what was found on it.</summary>
internal sealed class ExaminedPeer(DiscoveredPeer found)
{
    private readonly List<Finding> _findings = [];

    internal DiscoveredPeer Found => found;

    internal NodeName Name => found.Name;

    /// <summary>The host or address that is dialled.</summary>
    internal string Host => found.Address ?? found.Name.Host;

    /// <summary>Where it listens, as far as that is known.</summary>
    internal int Port { get; set; }

    /// <summary>Whether the walk has come to its end: the peer has answered a ping.</summary>
    internal bool Answers { get; set; }

    /// <summary>Whether it is one of the visible nodes.</summary>
    internal bool IsPublished { get; set; }

    /// <summary>What runs there: <c>BEAM</c>, <c>Enmesh</c>; null when it has not said.</summary>
    internal string? Machine { get; set; }

    /// <summary>The release of OTP, or the one that it behaves as.</summary>
    internal int? Release { get; set; }

    /// <summary>Whether the default scope of pg runs there.</summary>
    internal bool HasPg { get; set; }

    /// <summary>Whom it sees; null when it has not said.</summary>
    internal IReadOnlyCollection<NodeName>? Sees { get; set; }

    internal IReadOnlyList<Finding> Findings => _findings;

    internal bool HasFailed => _findings.Exists(one => one.Severity == Severity.Failure);

    internal void Good(string step, string text) => _findings.Add(new(step, Name.Text, Severity.Good, text));

    internal void Note(string step, string text) => _findings.Add(new(step, Name.Text, Severity.Note, text));

    internal void Skip(string step, string why) => _findings.Add(new(step, Name.Text, Severity.Skipped, why));

    internal void Report(string step, Diagnosis diagnosis, string text, string? advice = null) =>
        _findings.Add(new(step, Name.Text, diagnosis.Severity, text, diagnosis, advice));
}
