using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Enmesh.Certificates;

namespace Enmesh.Kubernetes.Tests.KubeApi;

/// <summary>What the issuer makes of requests.</summary>
internal enum IssuerMood
{
    /// <summary>Approves and signs.</summary>
    Sign,

    /// <summary>Leaves them alone, as when there is no approver.</summary>
    Ignore,

    /// <summary>Approves, and has not signed yet.</summary>
    Approve,

    /// <summary>An approver denies.</summary>
    Deny,

    /// <summary>Approves, and fails for good.</summary>
    Fail,

    /// <summary>Approves, and calls the request invalid.</summary>
    CallInvalid,
}

/// <summary>
/// cert-manager with an approver and a CA issuer, as far as a requester sees it: the webhook's check that request and
/// spec agree, conditions in the order in which its controllers set them, a status that has the chain.
/// </summary>
internal sealed class KubeIssuer : IAsyncDisposable
{
    private static readonly Dictionary<string, string> ExtendedUsages = new(StringComparer.Ordinal)
    {
        ["1.3.6.1.5.5.7.3.1"] = "server auth",
        ["1.3.6.1.5.5.7.3.2"] = "client auth",
    };

    private readonly KubeApiServer _server;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly CertificateAuthority _between;
    private readonly Task _working;
    private TaskCompletionSource _moodChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal KubeIssuer(KubeApiServer server, TimeProvider time)
    {
        _server = server;
        _time = time;
        Root = CertificateAuthority.Create("root", time: time);
        _between = Root.CreateIntermediate("issuer");
        server.Admission = Admit;
        _working = WorkAsync();
    }

    /// <summary>What peers trust.</summary>
    internal CertificateAuthority Root { get; }

    internal IssuerMood Mood
    {
        get;
        set
        {
            field = value;
            Interlocked.Exchange(ref _moodChanged, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }

    /// <summary>What is done with a chain before it is handed out.</summary>
    internal Func<string, string> Change { get; set; } = static chain => chain;


    /// <summary>The names it signs for, whatever the request asks for.</summary>
    internal IssueOptions? OtherNames { get; set; }

    /// <summary>How long what it signs is valid, whatever was asked for.</summary>
    internal TimeSpan Life { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long ago what it signs became valid.</summary>
    internal TimeSpan Backdated { get; set; }

    /// <summary>A certificate of its own making.</summary>
    internal string Issue(IssueOptions options) => _between.Issue(options).ChainPem;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        _between.Dispose();
        Root.Dispose();
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                var changed = Task.WhenAny(_server.Store.Changed, Volatile.Read(ref _moodChanged).Task);
                foreach (var (key, there) in _server.Store.Snapshot().Objects)
                {
                    if (key.Resource == KubeObjects.Requests && !IsOver(there))
                        Treat(key);
                }
                await changed.WaitAsync(_stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static bool IsOver(JsonObject request) => request["status"]?["conditions"] is JsonArray conditions
        && conditions.Any(one => (string?)one!["type"] is "Denied" || ((string?)one["type"] == "Ready" && (string?)one["reason"] is "Issued" or "Failed"));

    private void Treat(KubeKey key)
    {
        switch (Mood)
        {
            case IssuerMood.Deny:
                Say(key, ("Denied", "True", "policy.cert-manager.io", "No policy approved this request: dnsNames not allowed"));
                Say(key, ("Ready", "False", "Denied", "The CertificateRequest was denied by an approval controller"));
                return;
            case IssuerMood.Ignore:
                return;
        }
        Say(key, ("Approved", "True", "cert-manager.io", "Certificate request has been approved by cert-manager.io"));
        switch (Mood)
        {
            case IssuerMood.Approve:
                Say(key, ("Ready", "False", "Pending", "Referenced \"Issuer\" not found: issuer.cert-manager.io \"orders\" not found"));
                break;
            case IssuerMood.Fail:
                Say(key, ("Ready", "False", "Failed", "Error signing certificate: the vault is sealed"));
                break;
            case IssuerMood.CallInvalid:
                Say(key, ("InvalidRequest", "True", "BadCSR", "the request asks for a DNS name that is an address"));
                Say(key, ("Ready", "False", "Failed", "the request asks for a DNS name that is an address"));
                break;
            default:
                Sign(key);
                break;
        }
    }

    private void Sign(KubeKey key)
    {
        var request = Text(_server.Store.Find(key)!["spec"]!["request"]);
        var now = _time.GetUtcNow();
        var chain = Change(_between.Sign(Read(request), now - Backdated, now - Backdated + Life));
        _server.Store.Change(key, there =>
        {
            if (there is null)
                return null;
            var status = there["status"] as JsonObject ?? Added(there, "status", new JsonObject());
            status["certificate"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(chain));
            // Whom nobody has to believe: who can change the status could put any authority here.
            using var foreign = CertificateAuthority.Create("not to be trusted", time: _time);
            status["ca"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(foreign.CertificatePem));
            Condition(status, "Ready", "True", "Issued", "Certificate fetched from issuer successfully");
            return there;
        });
    }

    private CertificateRequest Read(string pem)
    {
        var request = SigningRequest.Read(pem);
        if (OtherNames is not { } others)
            return request;
        request.CertificateExtensions.Remove(request.CertificateExtensions.Single(extension => extension.Oid?.Value == "2.5.29.17"));
        if (others.AlternativeNames() is { } names)
            request.CertificateExtensions.Add(names);
        return request;
    }

    private void Say(KubeKey key, (string Type, string Status, string Reason, string Message) said) => _server.Store.Change(key, there =>
    {
        if (there is null)
            return null;
        var status = there["status"] as JsonObject ?? Added(there, "status", new JsonObject());
        Condition(status, said.Type, said.Status, said.Reason, said.Message);
        return there;
    });

    private void Condition(JsonObject status, string type, string value, string reason, string message)
    {
        var conditions = status["conditions"] as JsonArray ?? Added(status, "conditions", new JsonArray());
        var before = conditions.FirstOrDefault(one => (string?)one!["type"] == type);
        if (before is not null && (string?)before["status"] == value && (string?)before["reason"] == reason)
            return;
        conditions.Remove(before);
        conditions.Add(new JsonObject
        {
            ["type"] = type,
            ["status"] = value,
            ["reason"] = reason,
            ["message"] = message,
            ["lastTransitionTime"] = _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        });
    }

    // As the webhook does: what request and spec say of usages and of authority must be the same.
    private static KubeRefusal? Admit(KubeRequest asked, JsonObject created)
    {
        if (asked.Kind.Name != "CertificateRequest")
            return null;
        var name = (string?)created["metadata"]?["name"] ?? "";
        CertificateRequest request;
        try
        {
            request = SigningRequest.Read(Text(created["spec"]?["request"]));
        }
        catch (Exception e) when (e is CertificateException or FormatException)
        {
            return KubeRefusal.Invalid(asked.Kind.Name, name, "spec.request", "failed to decode csr");
        }
        if ((string?)created["spec"]?["issuerRef"]?["name"] is not { Length: > 0 })
            return KubeRefusal.Invalid(asked.Kind.Name, name, "spec.issuerRef.name", "must be specified");
        var wanted = (created["spec"]!["usages"] as JsonArray ?? []).Select(usage => (string?)usage).Order(StringComparer.Ordinal);
        if (!wanted.SequenceEqual(UsagesOf(request).Order(StringComparer.Ordinal)))
            return KubeRefusal.Invalid(asked.Kind.Name, name, "spec.request", "csr key usages do not match specified usages");
        return null;
    }

    private static IEnumerable<string> UsagesOf(CertificateRequest request)
    {
        foreach (var extension in request.CertificateExtensions)
        {
            if (extension.Oid?.Value == "2.5.29.15")
            {
                var flags = new X509KeyUsageExtension(new AsnEncodedData(extension.Oid, extension.RawData), extension.Critical).KeyUsages;
                if (flags.HasFlag(X509KeyUsageFlags.DigitalSignature))
                    yield return "digital signature";
                if (flags.HasFlag(X509KeyUsageFlags.KeyEncipherment))
                    yield return "key encipherment";
            }
            else if (extension.Oid?.Value == "2.5.29.37")
            {
                foreach (var usage in new X509EnhancedKeyUsageExtension(new AsnEncodedData(extension.Oid, extension.RawData), extension.Critical).EnhancedKeyUsages)
                    yield return ExtendedUsages.GetValueOrDefault(usage.Value!, usage.Value!);
            }
        }
    }

    private static T Added<T>(JsonObject whole, string name, T part)
        where T : JsonNode
    {
        whole[name] = part;
        return part;
    }

    private static string Text(JsonNode? base64) => Encoding.UTF8.GetString(Convert.FromBase64String((string?)base64 ?? ""));
}
