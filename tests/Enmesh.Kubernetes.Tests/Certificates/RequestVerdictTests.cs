using Enmesh.Kubernetes.Certificates;
using Enmesh.Kubernetes.Models;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Certificates;

[Trait("Ring", "pure")]
public sealed class RequestVerdictTests
{
    [Theory]
    [InlineData("", "", "pending: nobody has approved it yet")]
    [InlineData("Ready:False:Pending:Not_signing", "", "pending: nobody has approved it yet (Not signing)")]
    [InlineData("Approved:True:x:y", "", "pending: it is approved, and the issuer has said nothing yet")]
    [InlineData("Approved:True:x:y Ready:False:Pending:Waiting", "", "pending: it is approved; Waiting")]
    [InlineData("Approved:True:x:y Ready:False:Pending:", "", "pending: it is approved; Pending")]
    [InlineData("Approved:True:x:y Ready:True:Issued:ok", "", "pending: it is called ready, but has no certificate")]
    [InlineData("Approved:True:x:y Ready:True:Issued:ok", "AAAA", "issued: AAAA")]
    [InlineData("Ready:True:Issued:ok", "AAAA", "issued: AAAA")]
    // Half of an answer is none.
    [InlineData("Approved:True:x:y Ready:False:Pending:Waiting", "AAAA", "pending: it is approved; Waiting")]
    [InlineData("Approved:True:x:y Ready:False:Failed:Sealed", "", "Failed: Sealed")]
    [InlineData("Approved:True:x:y Ready:False:Failed:", "", "Failed: Failed")]
    [InlineData("Denied:True:Policy:No", "", "Denied: No")]
    [InlineData("Denied:True:Policy:No Ready:False:Denied:Whatever", "", "Denied: No")]
    [InlineData("Ready:False:Denied:Whatever", "", "Denied: Whatever")]
    [InlineData("Approved:True:x:y InvalidRequest:True:Bad:Csr Ready:False:Failed:Other", "", "Invalid: Csr")]
    // A certificate that was denied is none, whoever put it there.
    [InlineData("Denied:True:Policy:No Ready:True:Issued:ok", "AAAA", "Denied: No")]
    [InlineData("Denied:False:x:y InvalidRequest:Unknown:x:y", "", "pending: nobody has approved it yet")]
    public void Conditions_are_read_as_cert_manager_means_them(string conditions, string certificate, string expected)
    {
        var request = new CertificateRequest
        {
            Status = new()
            {
                Certificate = certificate,
                Conditions = [.. conditions
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(':')).Select(parts => new ObjectCondition
                    {
                        Type = parts[0],
                        Status = parts[1],
                        Reason = parts[2],
                        Message = parts[3].Replace('_', ' '),
                    })],
            },
        };
        Assert.Equal(expected, RequestVerdict.Of(request) switch
        {
            RequestVerdict.Issued issued => $"issued: {issued.Certificate}",
            RequestVerdict.Refused refused => $"{refused.Failure}: {refused.Why}",
            RequestVerdict.Pending pending => $"pending: {pending.Why}",
            _ => "?",
        });
    }

    [Fact]
    public void A_request_without_any_status_or_with_a_time_of_failure_alone_is_read_too()
    {
        Assert.False(RequestVerdict.Of(new CertificateRequest()).IsFinal);
        var failed = Assert.IsType<RequestVerdict.Refused>(RequestVerdict.Of(new() { Status = new() { FailureTime = DateTimeOffset.UnixEpoch } }));
        Assert.Equal((CertificateRequestFailure.Failed, "no reason is given"), (failed.Failure, failed.Why));
    }
}
