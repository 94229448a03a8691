using System.Globalization;
using System.Net;
using System.Security.Authentication;
using Enmesh.Kubernetes.Models;

namespace Enmesh.Kubernetes.Api;

/// <summary>What is asked, in the words that a failure of it is told in.</summary>
/// <param name="Server">Whom.</param>
/// <param name="Method">The method.</param>
/// <param name="Path">Path and query.</param>
/// <param name="Verb">The verb of the authorization rules.</param>
/// <param name="Group">The group of the objects.</param>
/// <param name="Plural">Their plural.</param>
/// <param name="Namespace">Their namespace.</param>
internal sealed record ApiRequest(
    Uri Server, HttpMethod Method, string Path, string Verb, string Group, string Plural, string Namespace)
{
    // More than any API server asks for; a proxy's word must not silence us for a day.
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(1);

    private string What
    {
        get
        {
            var query = Path.IndexOf('?', StringComparison.Ordinal);
            return $"{Verb} {(query < 0 ? Path : Path[..query])} at {Server.GetLeftPart(UriPartial.Authority)}";
        }
    }

    internal KubernetesException Failed(KubernetesFailure failure, string what, Exception? inner = null) =>
        new(failure, $"{What}: {what}.", inner);

    /// <summary>What the transport threw.</summary>
    internal KubernetesException Failed(HttpRequestException e)
    {
        // The handler calls everything in a handshake a secure connection error, also that there is nobody behind a balancer.
        var failure = e.InnerException switch
        {
            AuthenticationException => KubernetesFailure.Tls,
            // A file that the handshake needs.
            KubernetesException { Failure: var ours } => ours,
            _ => KubernetesFailure.Unreachable,
        };
        return Failed(failure, (e.InnerException ?? e).Message.TrimEnd('.'), e);
    }

    /// <summary>What the server said.</summary>
    /// <param name="said">Its own words; null when there are none.</param>
    /// <param name="status">The status of the answer; null when it stands in the words alone.</param>
    /// <param name="retryAfter">How long it wants to be left alone.</param>
    internal KubernetesException Failed(ApiStatus? said, HttpStatusCode? status, TimeSpan? retryAfter)
    {
        var code = (int?)status ?? said?.Code;
        if (said?.Details?.RetryAfterSeconds is > 0 and var seconds)
            retryAfter ??= TimeSpan.FromSeconds(seconds);
        if (retryAfter > MaxRetryAfter)
            retryAfter = MaxRetryAfter;
        var failure = Kind(code, said?.Reason);
        var rule = failure == KubernetesFailure.Forbidden ? MissingRule() : null;
        var message = FormattableString.Invariant(
            $"{What}: {code?.ToString(CultureInfo.InvariantCulture) ?? "failed"} {said?.Reason}").TrimEnd();
        if (said?.Message is { Length: > 0 } words)
            message += $": {words}";
        if (retryAfter is { } wait)
            message += FormattableString.Invariant($" (to be tried again after {wait.TotalSeconds:0.#} s)");
        if (failure == KubernetesFailure.Unauthorized)
            message += "; the credentials are missing, wrong or expired";
        message += ".";
        if (rule is not null)
            message += $" What is missing is this, bound to the account that asks:\n{rule}";
        return new KubernetesException(failure, message)
        {
            Status = code,
            Reason = said?.Reason,
            ServerMessage = said?.Message,
            RetryAfter = retryAfter,
            MissingRule = rule,
        };
    }

    private static KubernetesFailure Kind(int? code, string? reason) => code switch
    {
        401 => KubernetesFailure.Unauthorized,
        403 => KubernetesFailure.Forbidden,
        404 => KubernetesFailure.NotFound,
        409 => reason == "AlreadyExists" ? KubernetesFailure.AlreadyExists : KubernetesFailure.Conflict,
        410 => KubernetesFailure.Gone,
        422 => KubernetesFailure.Invalid,
        429 => KubernetesFailure.TooManyRequests,
        >= 500 => KubernetesFailure.ServerError,
        // A redirect, or a success that is none: no API server answers so.
        < 400 => KubernetesFailure.Malformed,
        null when reason is "Expired" or "Gone" => KubernetesFailure.Gone,
        null => KubernetesFailure.ServerError,
        _ => KubernetesFailure.BadRequest,
    };

    // Who may list but not watch, or the other way round, meets the next denial at once; they belong together.
    private string MissingRule()
    {
        var verbs = Verb is "list" or "watch" ? "\"list\", \"watch\"" : $"\"{Verb}\"";
        return $"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata:
              name: enmesh-{Plural}
              namespace: {Namespace}
            rules:
            - apiGroups: ["{Group}"]
              resources: ["{Plural}"]
              verbs: [{verbs}]
            """.ReplaceLineEndings("\n");
    }
}
