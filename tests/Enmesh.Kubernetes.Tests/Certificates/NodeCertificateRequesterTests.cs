using System.Text;
using Enmesh.Certificates;
using Enmesh.Kubernetes.Api;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Tests.KubeApi;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Certificates;

[Trait("Ring", "loopback")]
public sealed class NodeCertificateRequesterTests : IssuerFixture
{
    [Fact]
    public async Task A_pod_gets_a_pair_for_its_address_and_the_request_goes_with_the_pod()
    {
        var got = await Requester(options => options.Labels["app"] = "orders").EnsureAsync().WaitAsync(Eventually.FarOff);
        Assert.Equal((PodIp, "DNS:10.0.0.7, IP:10.0.0.7", true), (got.Host, got.Names, got.IsNew));
        Assert.Equal(got.NotBefore + TimeSpan.FromHours(16), got.RenewFrom);
        using (var stored = Stored())
            Assert.Equal(2, stored.Chain.Count);
        Assert.False(HasPendingKey);

        var request = Assert.Single(Requests);
        Assert.Equal("""{"app":"orders","app.kubernetes.io/managed-by":"enmesh","enmesh/pod-uid":"uid-orders-0"}""", request["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal("""[{"apiVersion":"v1","kind":"Pod","name":"orders-0","uid":"uid-orders-0"}]""", request["metadata"]!["ownerReferences"]!.ToJsonString());
        Assert.Matches("^orders-0-[0-9a-f]{12}$", (string?)request["metadata"]!["name"]);
        Assert.Equal("""{"name":"orders","kind":"Issuer","group":"cert-manager.io"}""", request["spec"]!["issuerRef"]!.ToJsonString());
        Assert.Equal("86400s", (string?)request["spec"]!["duration"]);
        Assert.Equal("""["digital signature","key encipherment","server auth","client auth"]""", request["spec"]!["usages"]!.ToJsonString());
    }

    [Fact]
    public async Task Nothing_that_anybody_else_sees_has_the_key()
    {
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        var key = await File.ReadAllTextAsync(Path.Combine(Volume, "tls.key"));
        var secret = string.Concat(key.Split('\n').Where(line => !line.StartsWith('-')));
        var seen = string.Concat(Requests.Select(request => request.ToJsonString())) + string.Concat(Log.Lines.Select(line => line.Text));
        Assert.DoesNotContain("PRIVATE", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[..40], seen, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", Encoding.UTF8.GetString(Convert.FromBase64String((string)Requests[0]["spec"]!["request"]!)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_good_pair_is_kept_and_nobody_is_asked()
    {
        var first = await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        var asked = Server.Requests.Count;
        var second = await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Assert.Equal(first with { IsNew = false }, second);
        Assert.Equal(asked, Server.Requests.Count);
    }

    [Fact]
    public async Task A_pair_is_replaced_when_it_is_due_and_when_it_is_for_another_host()
    {
        var first = await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Time.Advance(first.RenewFrom - Time.GetUtcNow() - TimeSpan.FromSeconds(1));
        Assert.False((await Requester().EnsureAsync().WaitAsync(Eventually.FarOff)).IsNew);
        Time.Advance(TimeSpan.FromSeconds(1));
        var second = await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Assert.NotEqual(first.Serial, second.Serial);
        Pod["POD_IP"] = "10.0.0.8";
        Assert.Equal("DNS:10.0.0.8, IP:10.0.0.8", (await Requester().EnsureAsync().WaitAsync(Eventually.FarOff)).Names);
        Assert.Equal(3, Server.Count("create"));
    }

    [Fact]
    public async Task A_pair_that_is_due_is_kept_when_there_is_no_other_and_not_when_it_has_expired()
    {
        var first = await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Issuer.Mood = IssuerMood.Fail;
        Time.Advance(first.RenewFrom - Time.GetUtcNow());
        Assert.Equal(first with { IsNew = false }, await Requester().EnsureAsync().WaitAsync(Eventually.FarOff));
        await SaidAsync("the one that is there is kept. Issuer 'orders' has failed to sign");
        Time.Advance(first.NotAfter - Time.GetUtcNow() + TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<CertificateRequestException>(() => Requester().EnsureAsync().WaitAsync(Eventually.FarOff));
    }

    [Theory]
    [InlineData("tls.crt", "nothing")]
    [InlineData("tls.key", "nothing")]
    [InlineData("tls.key", null)]
    public async Task A_pair_that_is_none_is_replaced(string file, string? content)
    {
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        var broken = Path.Combine(CertificateDirectory.Current(Volume), file);
        if (content is null)
            File.Delete(broken);
        else
            await File.WriteAllTextAsync(broken, content);
        Assert.True((await Requester().EnsureAsync().WaitAsync(Eventually.FarOff)).IsNew);
        Stored().Dispose();
    }

    [Fact]
    public async Task What_is_waited_for_is_said()
    {
        Issuer.Mood = IssuerMood.Ignore;
        var getting = Requester().EnsureAsync();
        await SaidAsync("nobody has approved it yet.");
        Issuer.Mood = IssuerMood.Approve;
        await SaidAsync("it is approved; Referenced \"Issuer\" not found: issuer.cert-manager.io \"orders\" not found.");
        Issuer.Mood = IssuerMood.Sign;
        Assert.True((await getting.WaitAsync(Eventually.FarOff)).IsNew);
        Assert.Equal(1, Server.Count("create"));
    }

    [Theory]
    [InlineData("Deny", CertificateRequestFailure.Denied, "is denied: No policy approved this request: dnsNames not allowed. Its names, usages or duration are not allowed to this account")]
    [InlineData("Fail", CertificateRequestFailure.Failed, "Issuer 'orders' has failed to sign CertificateRequest 'orders-0-")]
    [InlineData("Fail", CertificateRequestFailure.Failed, "Error signing certificate: the vault is sealed")]
    [InlineData("CallInvalid", CertificateRequestFailure.Invalid, "invalid: the request asks for a DNS name that is an address")]
    public async Task Denied_failed_and_invalid_are_three_things_with_the_words_of_whoever_decided(
        string mood, CertificateRequestFailure failure, string message)
    {
        Issuer.Mood = Enum.Parse<IssuerMood>(mood);
        var e = await Assert.ThrowsAsync<CertificateRequestException>(() => Requester().EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Equal(failure, e.Failure);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.False(HasPair);
        Assert.False(HasPendingKey);
        // What was decided stays decided; the next attempt is another request.
        Issuer.Mood = IssuerMood.Sign;
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Assert.Equal(2, Server.Count("create"));
    }

    [Fact]
    public async Task What_the_server_refuses_says_the_role_or_what_is_missing()
    {
        Server.Denied = [$"create {KubeObjects.Requests}"];
        var denied = await Assert.ThrowsAsync<KubernetesException>(() => Requester().EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Contains("resources: [\"certificaterequests\"]\n  verbs: [\"create\"]", denied.MissingRule!, StringComparison.Ordinal);
        Server.Denied = [];
        Server.Fault = request => request.Verb == "create" ? new KubeRefusal(404, "NotFound", "the server could not find the requested resource") : null;
        var missing = await Assert.ThrowsAsync<KubernetesException>(() => Requester().EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Contains("Is cert-manager installed?", missing.Message, StringComparison.Ordinal);
        Server.Fault = null;
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
    }

    [Theory]
    [InlineData("other names", "It is for DNS:10.0.0.8, IP:10.0.0.8, not for '10.0.0.7'.")]
    [InlineData("no names", "It is for no names, not for '10.0.0.7'.")]
    [InlineData("other key", "do not belong together")]
    [InlineData("not a certificate", "has no PEM block CERTIFICATE")]
    [InlineData("half", "is cut off")]
    [InlineData("expired", "It has expired")]
    [InlineData("far ahead", "It is not valid yet")]
    [InlineData("order", "Its chain is out of order: certificate 2 is not the one that signed certificate 1 ('CN=issuer').")]
    public async Task What_cannot_be_used_is_refused_and_what_was_there_stays(string what, string message)
    {
        var before = await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Time.Advance(before.RenewFrom - Time.GetUtcNow());
        switch (what)
        {
            case "other names":
                Issuer.OtherNames = new() { Hosts = ["10.0.0.8"] };
                break;
            case "no names":
                Issuer.OtherNames = new();
                break;
            case "other key":
                Issuer.Change = _ => Issuer.Issue(new() { Hosts = [PodIp] });
                break;
            case "not a certificate":
                Issuer.Change = _ => "nothing";
                break;
            case "half":
                Issuer.Change = chain => chain[..300];
                break;
            case "expired":
                Issuer.Backdated = TimeSpan.FromDays(3);
                break;
            case "far ahead":
                Issuer.Backdated = TimeSpan.FromDays(-1);
                break;
            case "order":
                Issuer.Change = chain => chain[..(chain.IndexOf("-----END", StringComparison.Ordinal) + 26)] + Issuer.Root.CertificatePem;
                break;
        }
        var e = await Assert.ThrowsAsync<CertificateRequestException>(() => Requester().RequestAsync().WaitAsync(Eventually.FarOff));
        Assert.Equal(CertificateRequestFailure.Unusable, e.Failure);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("What Issuer 'orders' has signed for '10.0.0.7' cannot be used", e.Message, StringComparison.Ordinal);
        using var stored = Stored();
        Assert.Equal(before.Serial, stored.Leaf.SerialNumber);
    }

    [Fact]
    public async Task Half_a_chain_is_refused_when_it_is_known_whom_peers_trust()
    {
        var trust = WriteTrust(Issuer.Root.CertificatePem);
        Issuer.Change = chain => chain[..(chain.IndexOf("-----END", StringComparison.Ordinal) + 26)];
        var e = await Assert.ThrowsAsync<CertificateRequestException>(
            () => Requester(options => options.TrustFile = trust).EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Contains("is signed by 'CN=issuer', which is neither sent along nor trusted", e.Message, StringComparison.Ordinal);
        Assert.Contains(trust, e.Message, StringComparison.Ordinal);
        Issuer.Change = chain => chain;
        await Requester(options => options.TrustFile = trust).EnsureAsync().WaitAsync(Eventually.FarOff);
        using var other = CertificateAuthority.Create("other", time: Time);
        await File.WriteAllTextAsync(trust, other.CertificatePem);
        var foreign = await Assert.ThrowsAsync<CertificateRequestException>(
            () => Requester(options => options.TrustFile = trust).EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Contains("Peers would not trust it", foreign.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "OTP 26 and later will not accept it: it lacks IP:10.0.0.7")]
    [InlineData(false, "OTP 23 to 25 will not accept it: it lacks DNS:10.0.0.7")]
    [InlineData(false, "OTP 26 and later will not accept it: it lacks DNS:10.0.0.7 beside the address")]
    public async Task An_issuer_that_leaves_a_name_out_is_told_of_with_those_who_want_it(bool asDns, string message)
    {
        Issuer.OtherNames = asDns ? new() { DnsNames = [PodIp] } : new() { Addresses = [System.Net.IPAddress.Parse(PodIp)] };
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        await SaidAsync(message);
    }

    [Fact]
    public async Task A_clock_that_is_a_little_behind_the_issuers_is_waited_for()
    {
        Issuer.Backdated = -TimeSpan.FromMinutes(2);
        var getting = Requester().EnsureAsync();
        await Time.TimerDueInAsync(TimeSpan.FromMinutes(2));
        Assert.False(HasPair);
        Time.Advance(TimeSpan.FromMinutes(2));
        Assert.True((await getting.WaitAsync(Eventually.FarOff)).IsNew);
    }

    [Fact]
    public async Task The_authority_in_the_status_goes_nowhere()
    {
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Assert.NotNull(Requests[0]["status"]!["ca"]);
        Assert.Equal(["tls.crt", "tls.key"], Directory.EnumerateFiles(CertificateDirectory.Current(Volume)).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        using var stored = Stored();
        Assert.DoesNotContain(stored.Chain, certificate => certificate.Subject.Contains("not to be trusted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_pods_unique_id_is_asked_for_only_when_nobody_says_it()
    {
        Pod.Remove("POD_UID");
        Server.Put("pods", "orders", "orders-0", KubeObjects.Pod("orders", "Running", PodIp));
        await Requester().EnsureAsync().WaitAsync(Eventually.FarOff);
        Assert.Equal((string?)Server.Store.Find(new("pods", "orders", "orders-0"))!["metadata"]!["uid"], (string?)Requests[0]["metadata"]!["ownerReferences"]![0]!["uid"]);

        Server.Denied = ["get pods"];
        Pod["POD_IP"] = "10.0.0.9";
        var e = await Assert.ThrowsAsync<CertificateRequestException>(() => Requester().EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Equal(CertificateRequestFailure.NoPod, e.Failure);
        Assert.Contains("Set POD_UID by the downward API (fieldPath: metadata.uid), which needs no right.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_pod_a_request_has_to_be_wanted_so()
    {
        Pod.Remove("POD_NAME");
        var e = await Assert.ThrowsAsync<CertificateRequestException>(() => Requester().EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Equal(CertificateRequestFailure.NoPod, e.Failure);
        var elsewhere = await Assert.ThrowsAsync<CertificateRequestException>(
            () => Requester(options => options.Namespace = "other").EnsureAsync().WaitAsync(Eventually.FarOff));
        Assert.Contains("cannot own a request in 'other'", elsewhere.Message, StringComparison.Ordinal);
        await Requester(options => options.WithoutPod = true).EnsureAsync().WaitAsync(Eventually.FarOff);
        Assert.Null(Requests.Single()["metadata"]!["ownerReferences"]);
        Assert.StartsWith("enmesh-", (string?)Requests[0]["metadata"]!["name"], StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_with_the_options_is_said_by_key()
    {
        static string[] Keys(NodeCertificateOptions options) => [.. options.Validate().Select(problem => problem.Split(": ")[0])];
        Assert.Equal(["Directory", "Issuer"], Keys(new()));
        Assert.Equal(["Host", "TrustFile"], Keys(new() { Directory = Volume, Issuer = "x", Host = "[fd00::7]", TrustFile = "/none" }));
        Pod.Remove("POD_IP");
        Assert.Contains("set NODE_HOST or POD_IP", Assert.Throws<ArgumentException>(() => Requester()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NodeCertificateOptions { Duration = TimeSpan.FromMinutes(1) });
    }
}
