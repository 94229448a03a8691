using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Images;

/// <summary>
/// The image as it runs on a cluster: <c>deploy/images/trial</c> does what a kubelet, a Deployment, a name server, an API server and cert-manager do, on this
/// machine.
/// </summary>
[Trait("Ring", "system")]
public sealed partial class TrialTests
{
    // It compiles ahead of time, and the first one on a machine makes the base.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(18);

    [Fact]
    public async Task Hardened_pods_with_certificates_of_the_issuer_are_replaced_one_by_one_and_no_call_of_dotnet_or_a_beam_fails()
    {
        // From the release before to this one, where somebody has published that: deploy/images/publish.
        string[] from = Environment.GetEnvironmentVariable("ENMESH_PREVIOUS") is { Length: > 0 } previous ? ["--from", previous] : [];
        var trial = await ChildProcess.RunAsync(
            [Repository.PathTo("deploy", "images", "trial"), "--ssh", "--roll", "--drain", "10", "--beam", await Otp.RootAsync(27), .. from], timeout: Patience);
        var said = trial.Successful;

        Assert.Contains("a: ['enmesh@10.78.0.2','enmesh@10.78.0.3']\n", said, StringComparison.Ordinal);
        Assert.Contains("b: ['enmesh@10.78.0.1','enmesh@10.78.0.3']\n", said, StringComparison.Ordinal);
        Assert.Contains("c: ['enmesh@10.78.0.1','enmesh@10.78.0.2']\n", said, StringComparison.Ordinal);
        Assert.Contains("a: new: DNS:10.78.0.1, IP:10.78.0.1, valid until", said, StringComparison.Ordinal);
        Assert.Contains(
            "a: pid 1 is tini, uid 10000 CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 touch: cannot touch '/x': Read-only file system", said,
            StringComparison.Ordinal);
        Assert.Contains("over SSH: 'enmesh@10.78.0.2'\n", said, StringComparison.Ordinal);
        Assert.Contains("b: sshd was killed with a session open; nothing of it is left, and it listens again\n", said, StringComparison.Ordinal);
        Assert.Equal(3, HasEnded().Count(said));
        var counts = Count().Matches(said);
        Assert.Equal(["dotnet", "beam"], counts.Select(count => count.Groups["who"].Value));
        Assert.All(counts, count =>
        {
            Assert.Equal("0", count.Groups["failed"].Value);
            Assert.All(["first", "second"], version => Assert.NotEqual("0", count.Groups[version].Value));
        });
    }

    [GeneratedRegex(@"[abc] has ended, \d+ s after SIGTERM\n")]
    private static partial Regex HasEnded();

    [GeneratedRegex(@"(?<who>dotnet|beam): \d+ calls in \d+ s, (?<failed>\d+) failed; answered: (?<first>\d+) by version 1, (?<second>\d+) by version 2")]
    private static partial Regex Count();
}
