using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>What has become of a CertificateRequest, read from its conditions.</summary>
/// <remarks>
/// cert-manager sets <c>Approved</c> or <c>Denied</c>, each only ever to True; <c>InvalidRequest</c>; and <c>Ready</c>,
/// whose reason is <c>Pending</c>, <c>Issued</c>, <c>Failed</c> or <c>Denied</c>. <c>failureTime</c> comes with the last
/// two. Its status may also hold the authority: that is the issuer's word alone, and nothing is trusted because of it.
/// </remarks>
internal abstract record RequestVerdict
{
    /// <summary>Nothing is settled; says what is waited for.</summary>
    internal sealed record Pending(string Why) : RequestVerdict;

    /// <summary>There is a certificate: its chain, in base64.</summary>
    internal sealed record Issued(string Certificate) : RequestVerdict;

    /// <summary>There will be none.</summary>
    internal sealed record Refused(CertificateRequestFailure Failure, string Why) : RequestVerdict;

    /// <summary>Whether it is over, one way or the other.</summary>
    internal bool IsFinal => this is not Pending;

    internal static RequestVerdict Of(CertificateRequest request)
    {
        var conditions = request.Status?.Conditions ?? [];
        var ready = conditions.FirstOrDefault(condition => condition.Type == "Ready");
        if (True("Denied") is { } denied)
            return new Refused(CertificateRequestFailure.Denied, Said(denied));
        if (True("InvalidRequest") is { } invalid)
            return new Refused(CertificateRequestFailure.Invalid, Said(invalid));
        if (ready is { Status: "False", Reason: "Denied" })
            return new Refused(CertificateRequestFailure.Denied, Said(ready));
        if (ready is { Status: "False", Reason: "Failed" } || request.Status?.FailureTime is not null)
            return new Refused(CertificateRequestFailure.Failed, Said(ready));
        if (ready?.Status == "True" && request.Status?.Certificate is { Length: > 0 } certificate)
            return new Issued(certificate);
        if (ready?.Status == "True")
            return new Pending("it is called ready, but has no certificate");
        return True("Approved") is null
            ? new Pending(ready?.Message is { Length: > 0 } waits ? $"nobody has approved it yet ({waits})" : "nobody has approved it yet")
            : new Pending(ready is null ? "it is approved, and the issuer has said nothing yet" : $"it is approved; {Said(ready)}");

        ObjectCondition? True(string type) =>
            conditions.FirstOrDefault(condition => condition.Type == type && condition.Status == "True");
    }

    /// <summary>When it was over; null while it is not, or nobody says when.</summary>
    internal static DateTimeOffset? FinishedAt(CertificateRequest request) =>
        !Of(request).IsFinal ? null
        : request.Status?.Conditions?.Max(condition => condition.LastTransitionTime) ?? request.Status?.FailureTime ?? request.Metadata.CreationTimestamp;

    private static string Said(ObjectCondition? condition) =>
        condition?.Message is { Length: > 0 } message ? message
        : condition?.Reason is { Length: > 0 } reason ? reason
        : "no reason is given";
}
