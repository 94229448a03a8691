using Enmesh.Cluster;
using Enmesh.Groups;

namespace Enmesh.Cli.Doctor;

/// <summary>Does everybody see everybody? That two have no link is known to these two alone.</summary>
internal sealed class ViewsCheck : ICheck
{
    private const string Step = "views";
    private const int FewestForADifference = 2;

    // Somebody who is only just coming or going is seen by some, for a moment.
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var telling = examination.Walked.Where(peer => peer is { Sees: not null, IsPublished: true }).ToList();
        if (telling.Count < FewestForADifference)
            return;
        var parted = Compare(telling);
        if (parted.Count > 0)
        {
            await Task.Delay(Again, examination.Around.Time, cancellationToken).ConfigureAwait(false);
            foreach (var peer in telling)
                await AskAgainAsync(examination, peer, cancellationToken).ConfigureAwait(false);
            parted = [.. parted.Intersect(Compare(telling))];
        }
        foreach (var pair in parted)
            examination.Report(Step, Diagnoses.ClusterParted, $"{pair} do not see each other, and others see both.");
        if (parted.Count == 0)
            examination.Good(Step, $"{telling.Count} nodes have told whom they see, and they agree.");
    }

    private static List<PartedPair> Compare(List<ExaminedPeer> telling) =>
        [.. ViewComparison.Compare(telling.ToDictionary(peer => peer.Name, peer => peer.Sees!))];

    private static async Task AskAgainAsync(Examination examination, ExaminedPeer peer, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await examination.Tool!.RpcAsync(peer.Name, "erlang", "nodes", [], examination.Timeout, cancellationToken).ConfigureAwait(false);
            peer.Sees = PeerQuestions.NamesIn(answer);
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException)
        {
            // It has gone in between; what it has said stands.
        }
    }
}

/// <summary>Are there releases among the nodes that break each other?</summary>
internal sealed class ReleasesCheck : ICheck
{
    private const string Step = "releases";

    public Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var beams = examination.Walked.Where(peer => peer is { Machine: "BEAM", HasPg: true, Release: not null }).ToList();
        foreach (var old in beams.Where(peer => peer.Release <= PgReleases.LastFragile))
        {
            if (beams.Find(peer => peer.Release >= PgReleases.FirstVersioned) is { } fresh)
                examination.Report(Step, Diagnoses.PgReleases, $"{old.Name} is of OTP {old.Release} and {fresh.Name} of OTP {fresh.Release}, and both have the scope pg.");
        }
        return Task.CompletedTask;
    }
}
