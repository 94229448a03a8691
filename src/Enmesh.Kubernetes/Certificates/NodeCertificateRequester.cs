using System.Security.Cryptography;
using System.Text;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Enmesh.Kubernetes.Certificates;

/// <summary>Gets a node's certificate from cert-manager, by CertificateRequests.</summary>
/// <remarks>
/// The key is made here and leaves the pod never. Needs a Role with <c>create</c>, <c>get</c> and <c>watch</c> on
/// <c>certificaterequests</c> of <c>cert-manager.io</c>; without <c>watch</c> the request is asked for every 2 s.
/// </remarks>
public sealed class NodeCertificateRequester
{
    internal const string ManagedBy = "app.kubernetes.io/managed-by";
    internal const string ManagedByEnmesh = "enmesh";
    internal const string PodUidLabel = "enmesh/pod-uid";
    internal static readonly string[] Usages = ["digital signature", "key encipherment", "server auth", "client auth"];
    private const int MaxNameLength = 63;

    private readonly IKubernetesClient _client;
    private readonly NodeCertificateOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<string, string?> _environment;
    private readonly string _directory;
    private readonly PendingKey _pending;

    /// <summary>Makes the requester. The options are copied.</summary>
    /// <param name="client">The API.</param>
    /// <param name="options">For whom, of whom, and where to.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logger">Is told what is waited for, and what came of it; never a key.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every problem.</exception>
    public NodeCertificateRequester(
        IKubernetesClient client, NodeCertificateOptions options, TimeProvider? time = null, ILogger? logger = null)
        : this(client, options, time, logger, Environment.GetEnvironmentVariable)
    {
    }

    internal NodeCertificateRequester(
        IKubernetesClient client, NodeCertificateOptions options, TimeProvider? time, ILogger? logger,
        Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        var problems = options.Validate().ToList();
        Host = new[] { options.Host, environment("NODE_HOST"), environment("POD_IP") }
            .FirstOrDefault(host => !string.IsNullOrWhiteSpace(host))?.Trim() ?? "";
        if (Host.Length == 0)
            problems.Add($"{nameof(options.Host)}: there is none. Name the host part of the node's name, or set NODE_HOST or POD_IP.");
        if (problems.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        _client = client;
        _options = options.Copy();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _environment = environment;
        _directory = options.Directory!;
        _pending = new PendingKey(_directory);
    }

    /// <summary>The host part that the certificate names.</summary>
    public string Host { get; }

    private string Space => _options.Namespace ?? _client.Namespace;

    private string IssuerText => $"{_options.IssuerKind} '{_options.Issuer}'";

    /// <summary>
    /// Keeps the certificate that is there, when it is good for this host and not due; else gets one. One that is due is
    /// kept all the same when there is no other.
    /// </summary>
    /// <exception cref="KubernetesException">The API could not be asked, or has refused.</exception>
    /// <exception cref="CertificateRequestException">There is no certificate; the message says why.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    public async Task<NodeCertificate> EnsureAsync(CancellationToken cancellationToken = default)
    {
        var current = Current();
        if (current is null)
            return await RequestAsync(cancellationToken).ConfigureAwait(false);
        if (_time.GetUtcNow() >= current.RenewFrom)
        {
            try
            {
                return await RequestAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is EnmeshException or IOException or UnauthorizedAccessException)
            {
                // A pod that restarts while the issuer is away has a certificate that is still good.
                _logger.CertificateDoubtful(Host, $"it is due, and there is no other; the one that is there is kept. {e.Message}");
                return current;
            }
        }
        _pending.Drop();
        _logger.CertificateKept(Host, current.NotAfter, current.RenewFrom);
        return current;
    }

    /// <summary>Gets a new certificate, and replaces the one that is there.</summary>
    /// <remarks>A request from before that is still open is waited for, when its key is still there.</remarks>
    /// <inheritdoc cref="EnsureAsync" path="/exception"/>
    public async Task<NodeCertificate> RequestAsync(CancellationToken cancellationToken = default)
    {
        using var deadline = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var question = new PatientQuestion(_time);
        RequestWait? wait = null;
        try
        {
            var (signing, request) = await OpenAsync(question, either.Token).ConfigureAwait(false);
            using (signing)
            {
                wait = new RequestWait(_client, Space, request.Metadata.Name!, _time, _logger);
                var chain = Decode(await wait.RunAsync(request, either.Token).ConfigureAwait(false));
                var issued = await AcceptAsync(signing, chain, either.Token).ConfigureAwait(false);
                _pending.Drop();
                return issued;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CertificateRequestException(
                CertificateRequestFailure.TimedOut,
                $"There was no certificate for '{Host}' of {IssuerText} within {_options.Timeout.TotalSeconds:0.###} s: {(wait?.Awaited ?? question.Problem)?.TrimEnd('.') ?? "the request could not be made"}.");
        }
        catch (CertificateRequestException) when (wait is not null)
        {
            // Whatever was decided, it was decided about this request and this key.
            _pending.Drop();
            throw;
        }
    }

    /// <summary>The certificate that is there, as far as it is good for this host; null when there is none.</summary>
    internal NodeCertificate? Current()
    {
        try
        {
            using var stored = StoredPair.Find(_directory);
            if (stored is null)
                return null;
            var problem = Problem(stored);
            if (problem is null)
                return Describe(stored, isNew: false);
            _logger.CertificateDoubtful(Host, $"the one in {_directory} cannot be kept: {problem}");
        }
        catch (Exception e) when (e is CertificateException or CryptographicException)
        {
            _logger.CertificateDoubtful(Host, $"the one in {_directory} cannot be kept: {e.Message}");
        }
        return null;
    }

    /// <summary>Takes up the request of before, or makes one.</summary>
    private async Task<(SigningRequest Signing, CertificateRequest Request)> OpenAsync(
        PatientQuestion question, CancellationToken cancellationToken)
    {
        var names = new IssueOptions { Hosts = [Host, .. _options.OtherHosts], Key = _options.Key };
        var pod = await question.AskAsync(
            () => OwningPod.FindAsync(_client, _options, Space, _environment, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (_pending.Find(names) is { } before)
        {
            if (await TakeUpAsync(question, before, pod, cancellationToken).ConfigureAwait(false) is { } open)
                return (before, open);
            before.Dispose();
            _pending.Drop();
        }
        var signing = SigningRequest.Create(names);
        try
        {
            // Before anybody is asked: from then on the key is worth something.
            _pending.Keep(signing);
            var request = await CreateAsync(question, signing, pod, cancellationToken).ConfigureAwait(false);
            _logger.CertificateRequested(request.Metadata.Name!, Host, IssuerText);
            return (signing, request);
        }
        catch
        {
            // Whatever it was; whether the request came about is found out by the next attempt, by the key.
            signing.Dispose();
            throw;
        }
    }

    private async Task<CertificateRequest?> TakeUpAsync(
        PatientQuestion question, SigningRequest signing, OwningPod? pod, CancellationToken cancellationToken)
    {
        var name = NameOf(signing, pod);
        try
        {
            var request = await GetAsync(question, name, cancellationToken).ConfigureAwait(false);
            var why = !IsOurs(request, signing) ? "it asks for something else"
                : RequestVerdict.Of(request) is RequestVerdict.Refused refused ? refused.Why
                : null;
            if (why is null)
                return request;
            _logger.CertificateRequestDropped(name, why);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            _logger.CertificateRequestDropped(name, "it is not there any more");
        }
        return null;
    }

    private async Task<CertificateRequest> CreateAsync(
        PatientQuestion question, SigningRequest signing, OwningPod? pod, CancellationToken cancellationToken)
    {
        var wanted = Wanted(signing, pod);
        try
        {
            return await question.AskAsync(
                () => _client.CreateAsync(KubernetesResources.CertificateRequests, Space, wanted, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.AlreadyExists)
        {
            // The name is made of the key, so it is ours: an answer got lost.
            return await GetAsync(question, wanted.Metadata.Name!, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            throw new KubernetesException(e.Failure, $"{e.Message} Is cert-manager installed? The cluster does not know CertificateRequests, or not this namespace.", e);
        }
    }

    private Task<CertificateRequest> GetAsync(PatientQuestion question, string name, CancellationToken cancellationToken) => question.AskAsync(
        () => _client.GetAsync(KubernetesResources.CertificateRequests, Space, name, cancellationToken), cancellationToken);

    private CertificateRequest Wanted(SigningRequest signing, OwningPod? pod)
    {
        var labels = new Dictionary<string, string>(_options.Labels, StringComparer.Ordinal) { [ManagedBy] = ManagedByEnmesh };
        if (pod is not null)
            labels[PodUidLabel] = pod.Uid;
        return new()
        {
            Metadata = new()
            {
                Name = NameOf(signing, pod),
                Namespace = Space,
                Labels = labels,
                OwnerReferences = pod is null ? null : [pod.Reference],
            },
            Spec = new()
            {
                Request = Convert.ToBase64String(Encoding.ASCII.GetBytes(signing.Pem)),
                IssuerRef = new() { Name = _options.Issuer, Kind = _options.IssuerKind, Group = _options.IssuerGroup },
                Duration = FormattableString.Invariant($"{(long)_options.Duration.TotalSeconds}s"),
                // Those of the signing request: cert-manager refuses one that asks for others.
                Usages = Usages,
            },
        };
    }

    // Of the key, so that whoever has the key finds the request, and nobody makes two for one.
    private static string NameOf(SigningRequest signing, OwningPod? pod)
    {
        var hash = signing.KeyId;
        var owner = pod?.Name ?? "enmesh";
        return $"{owner[..Math.Min(owner.Length, MaxNameLength - hash.Length - 1)].TrimEnd('-', '.')}-{hash}";
    }

    private bool IsOurs(CertificateRequest request, SigningRequest signing)
    {
        var issuer = request.Spec?.IssuerRef;
        return issuer?.Name == _options.Issuer && (issuer?.Kind ?? "Issuer") == _options.IssuerKind
            && (issuer?.Group ?? "cert-manager.io") == _options.IssuerGroup
            && request.Metadata.DeletionTimestamp is null
            && Text(request.Spec?.Request) is { } pem && signing.AsksTheSame(pem);
    }

    private static string Decode(string certificate) => Text(certificate) is { } chain && !string.IsNullOrWhiteSpace(chain)
        ? chain
        : throw new CertificateRequestException(CertificateRequestFailure.Unusable, "The certificate that was issued is no base64, or empty.");

    private static string? Text(string? base64)
    {
        try
        {
            return base64 is null ? null : Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private async Task<NodeCertificate> AcceptAsync(SigningRequest signing, string chain, CancellationToken cancellationToken)
    {
        try
        {
            var pair = signing.With(chain);
            using var issued = StoredPair.Parse(chain, "what was issued");
            var (from, _) = CertificateCheck.Validity(issued.Leaf);
            if (from - _time.GetUtcNow() is { Ticks: > 0 } ahead && ahead <= TimeSpan.FromMinutes(5))
            {
                _logger.CertificateDoubtful(Host, $"it is valid from {CertificateCheck.Text(from)} on, so it is waited for: the clocks differ");
                await Task.Delay(ahead, _time, cancellationToken).ConfigureAwait(false);
            }
            if (Problem(issued) is { } problem)
                throw new CertificateException(problem);
            foreach (var verdict in CertificateCheck.ForHost(issued.Names, Host).Where(verdict => !verdict.Accepted))
                _logger.CertificateDoubtful(Host, $"{verdict.Who} will not accept it: it lacks {verdict.Wanted}, though that was asked for.");
            CertificateDirectory.Write(_directory, pair);
            var made = Describe(issued, isNew: true);
            _logger.CertificateIssued(Host, made.Names, made.NotAfter, made.Serial);
            return made;
        }
        catch (Exception e) when (e is CertificateException or CryptographicException)
        {
            throw new CertificateRequestException(
                CertificateRequestFailure.Unusable, $"What {IssuerText} has signed for '{Host}' cannot be used: {e.Message}", e);
        }
    }

    private string? Problem(StoredPair pair)
    {
        if (!pair.Names.Covers(Host, HostRule.Enmesh))
            return $"It is for {pair.Names.Text}, not for '{Host}'.";
        if (CertificateCheck.Problems(pair.Leaf, _time.GetUtcNow()) is [var first, ..])
            return first;
        if (TrustCheck.BrokenAt(pair.Chain) is { } broken)
            return $"Its chain is out of order: {broken}.";
        if (_options.TrustFile is not { } trust)
            return null;
        var authorities = PemText.Certificates(File.ReadAllText(trust), trust);
        var problem = TrustCheck.Problem(pair.Chain, authorities, _time.GetUtcNow());
        foreach (var authority in authorities)
            authority.Dispose();
        return problem is null ? null : $"Peers would not trust it ({trust}): {problem}.";
    }

    private NodeCertificate Describe(StoredPair pair, bool isNew)
    {
        var (from, to) = CertificateCheck.Validity(pair.Leaf);
        return new(Host, pair.Names.Text, pair.Leaf.SerialNumber, from, to, isNew);
    }
}
