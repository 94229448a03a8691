using Enmesh.Discovery;
using Enmesh.Kubernetes.Api;

namespace Enmesh.Cli.Doctor;

/// <summary>What does each source of discovery answer, and is this very node among it?</summary>
internal sealed class DiscoveryCheck : ICheck
{
    private const string Step = "discovery";
    private static readonly NodeName Nobody = NodeName.Parse("enmesh@127.0.0.1");

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (examination.Target is { } target)
            examination.Peers.Add(new DiscoveredPeer(target, Port: examination.Port));
        var sources = examination.Options.Discovery;
        if (sources.Count == 0)
        {
            if (examination.Target is null)
                examination.Report(Step, Diagnoses.DiscoveryNone, "there is no source of discovery, and no node was named.");
            return;
        }
        var self = examination.Self ?? Nobody;
        var answers = await Task.WhenAll(sources.Select(async source => (
            source, await DiscoveryQuestion.AskAsync(source, self, examination.Listening, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        foreach (var (source, answer) in answers)
            Judge(examination, source, answer);
        var found = answers.SelectMany(answer => answer.Item2.Peers).GroupBy(peer => peer.Name).Select(group => group.First()).ToList();
        if (found.All(peer => peer.Name == self) && answers.All(answer => answer.Item2.Answer != DiscoveryQuestion.Unavailable))
            examination.Report(Step, Diagnoses.DiscoveryNobody, $"no source names anybody besides {(examination.Self is null ? "this node" : self.Text)}.");
        if (examination.Target is null)
            examination.Peers.AddRange(found.OrderBy(peer => peer.Name == examination.Self ? 0 : 1).ThenBy(peer => peer.Name));
        else if (found.Find(peer => peer.Name == examination.Target) is null)
            examination.Report(Step, Diagnoses.DiscoveryTargetMissing, $"no source names {examination.Target}: nodes here would never dial it.");
    }

    private static void Judge(Examination examination, DiscoverySource source, DiscoveryQuestion answer)
    {
        var what = $"{source.Name} ({examination.Configuration.StrategyOf(source.Name)})";
        if (answer.Answer == DiscoveryQuestion.Unavailable)
        {
            var diagnosis = answer.Cause is KubernetesException kubernetes
                ? kubernetes.Failure == KubernetesFailure.Forbidden ? Diagnoses.KubernetesDenied : Diagnoses.KubernetesUnreachable
                : Diagnoses.DiscoveryUnavailable;
            examination.Report(Step, diagnosis, $"{what} does not answer: {answer.Problem}");
            return;
        }
        if (answer.Problem is { } problem)
            examination.Report(Step, Diagnoses.DiscoveryIncomplete, $"{what} does not know all: {problem}.");
        else
            examination.Good(Step, $"{what} names {Shown(answer)} ({answer.Took.TotalMilliseconds:0} ms).");
        if (examination.Self is not { } self)
            return;
        if (source.Discovery.NamesSelf && answer.Peers.Count > 0 && answer.Peers.All(peer => peer.Name != self))
            examination.Report(Step, Diagnoses.DiscoverySelfMissing, $"{what} names {Shown(answer)}, and not this node, {self}.");
        var others = answer.Peers.Where(peer => peer.Name.IsLong != self.IsLong).Select(peer => peer.Name.Text).ToList();
        if (others.Count > 0)
            examination.Report(Step, Diagnoses.NameKinds, $"{what} names {string.Join(", ", others)}, {(self.IsLong ? "short" : "long")} names, and {self} has a {(self.IsLong ? "long" : "short")} one.");
    }

    private static string Shown(DiscoveryQuestion answer) => answer.Peers.Count switch
    {
        0 => "nobody",
        <= 5 => string.Join(", ", answer.Peers.Select(peer => peer.Name)),
        var count => $"{string.Join(", ", answer.Peers.Take(5).Select(peer => peer.Name))} and {count - 5} more",
    };
}
