namespace Enmesh.Cli.Doctor;

/// <summary>How bad something is.</summary>
internal enum Severity
{
    /// <summary>It is as it should be.</summary>
    Good,

    /// <summary>Worth knowing; nothing is wrong.</summary>
    Note,

    /// <summary>It could not be looked at.</summary>
    Skipped,

    /// <summary>It works, and will not for ever, or not with everybody.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Failure,
}

/// <summary>Where to look for the fault; the number is the command's exit status.</summary>
internal enum DiagnosisClass
{
    /// <summary>The node's own settings, its name, its cookie file.</summary>
    Settings = 10,

    /// <summary>Name servers, discovery, what Kubernetes makes of the Service.</summary>
    Discovery = 11,

    /// <summary>The way to the peer: addresses, ports, EPMD, filters.</summary>
    Network = 12,

    /// <summary>Certificates and TLS.</summary>
    Certificates = 13,

    /// <summary>What two nodes say to each other first: names, flags, the cookie, a ping.</summary>
    Handshake = 14,

    /// <summary>The cluster as a whole: who sees whom, releases, clocks.</summary>
    Cluster = 15,

    /// <summary>What the host gives the node: processor time, threads.</summary>
    Host = 16,
}

/// <summary>Something that may be wrong, by a name that stays: <c>tcp.refused</c>. All are listed in docs/doctor.md.</summary>
/// <param name="Id">The name.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Class">Where to look.</param>
/// <param name="Advice">What to do, in words that need nothing else.</param>
internal sealed record Diagnosis(string Id, Severity Severity, DiagnosisClass Class, string Advice);

/// <summary>What one step of the walk has found.</summary>
/// <param name="Step">The step, as in <c>tcp</c>.</param>
/// <param name="Node">The peer that it is about; null for this host and what belongs to it.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Text">What was seen, in words.</param>
/// <param name="Diagnosis">What it is; null where nothing is wrong.</param>
/// <param name="Advice">What to do here, where more can be said than the diagnosis says.</param>
internal sealed record Finding(string Step, string? Node, Severity Severity, string Text, Diagnosis? Diagnosis = null, string? Advice = null)
{
    /// <summary>What to do; null where there is nothing to do.</summary>
    internal string? WhatToDo => Advice ?? Diagnosis?.Advice;
}
