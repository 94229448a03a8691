using System.Diagnostics.CodeAnalysis;

namespace Enmesh.Kubernetes.Api;

/// <summary>How a request to the API failed.</summary>
public enum KubernetesFailure
{
    /// <summary>The settings, files or variables that lead to the server are missing or wrong. Nobody was
    /// asked.</summary>
    NoAccess,

    /// <summary>The server could not be reached, or the connection broke.</summary>
    Unreachable,

    /// <summary>No trusted connection came about: the certificate of the server, or ours.</summary>
    Tls,

    /// <summary>There was no answer in time.</summary>
    TimedOut,

    /// <summary>What came is not what the API answers.</summary>
    Malformed,

    /// <summary>400 and other refusals that have no name here: the request is wrong.</summary>
    BadRequest,

    /// <summary>401: the server does not know who asks.</summary>
    Unauthorized,

    /// <summary>403: who asks may not do this; see <see cref="KubernetesException.MissingRule"/>.</summary>
    Forbidden,

    /// <summary>404: there is no such object, or no such kind of objects.</summary>
    NotFound,

    /// <summary>409 with the reason AlreadyExists: an object of that name is there.</summary>
    AlreadyExists,

    /// <summary>409: somebody else has changed the object in the meantime.</summary>
    Conflict,

    /// <summary>410: the version or the page that was asked for has expired; list anew.</summary>
    Gone,

    /// <summary>422: the object is not valid.</summary>
    Invalid,

    /// <summary>429: too much is asked; see <see cref="KubernetesException.RetryAfter"/>.</summary>
    TooManyRequests,

    /// <summary>5xx: the server failed.</summary>
    ServerError,
}

/// <summary>A request to the Kubernetes API failed. The message says what was asked of whom, and what the server
/// said.</summary>
public sealed class KubernetesException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="failure">How it failed.</param>
    /// <param name="message">What was asked, and what came of it.</param>
    /// <param name="inner">What lies behind.</param>
    public KubernetesException(KubernetesFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>How it failed.</summary>
    public KubernetesFailure Failure { get; }

    /// <summary>The HTTP status; null when there was none.</summary>
    public int? Status { get; init; }

    /// <summary>The reason in one word, as in <c>Expired</c>; null when the server gave none.</summary>
    public string? Reason { get; init; }

    /// <summary>What the server said; null when it said nothing.</summary>
    public string? ServerMessage { get; init; }

    /// <summary>How long the server wants to be left alone, a minute at most; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The Role, as YAML, without which this is denied; null when it failed otherwise.</summary>
    public string? MissingRule { get; init; }

    /// <summary>Whether the same request may well succeed later, without anybody changing anything.</summary>
    public bool IsTransient => Failure is KubernetesFailure.Unreachable or KubernetesFailure.TimedOut
        or KubernetesFailure.TooManyRequests or KubernetesFailure.ServerError;

    [DoesNotReturn]
    internal static void ThrowNoAccess(string message, Exception? inner = null) => throw NoAccess(message, inner);

    internal static KubernetesException NoAccess(string message, Exception? inner = null) =>
        new(KubernetesFailure.NoAccess, message, inner);
}
