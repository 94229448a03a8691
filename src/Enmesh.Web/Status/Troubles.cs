namespace Enmesh.Web.Status;

/// <summary>What an operator should look at first.</summary>
internal static class Troubles
{
    /// <summary>Certificates are renewed well before this.</summary>
    internal static readonly TimeSpan EndsSoon = TimeSpan.FromDays(7);

    private const int MostNamed = 5;
    private const double LateSeconds = 1;

    /// <summary>One sentence for each.</summary>
    internal static IReadOnlyList<string> Of(NodeStatus status) =>
        [.. Peers(status), .. Views(status), .. Sources(status), .. Certificates(status), .. Load(status)];

    private static IEnumerable<string> Peers(NodeStatus status)
    {
        var missing = status.Members.Where(member => member.State != "Up").ToList();
        if (missing.Count > 0)
        {
            var named = missing.Take(MostNamed).Select(member =>
                member.LastFailure is { } failure ? $"{member.Name} ({failure.Stage}: {failure.Message.TrimEnd('.')})" : member.Name);
            yield return $"{Count(missing.Count, "peer is", "peers are")} not connected: {string.Join("; ", named)}{Rest(missing.Count)}.";
        }
        else if (status.Peers.Connected < status.Peers.Expected)
        {
            yield return $"{status.Peers.Connected} of {status.Peers.Expected} expected peers are connected, and discovery names no others.";
        }
    }

    private static IEnumerable<string> Views(NodeStatus status)
    {
        if (status.Parted.Count > 0)
        {
            yield return $"The cluster is parted: {Count(status.Parted.Count, "pair of nodes does", "pairs of nodes do")} not see each other: "
                + $"{string.Join("; ", status.Parted.Take(MostNamed).Select(pair => $"{pair.One} and {pair.Other}"))}{Rest(status.Parted.Count)}.";
        }
        var silent = status.Views.Where(view => view.State == "silent").ToList();
        if (silent.Count > 0)
        {
            yield return $"{Count(silent.Count, "peer does", "peers do")} not say whom they see: "
                + $"{string.Join("; ", silent.Take(MostNamed).Select(view => $"{view.Name} ({view.Problem?.TrimEnd('.')})"))}{Rest(silent.Count)}.";
        }
    }

    private static IEnumerable<string> Sources(NodeStatus status)
    {
        foreach (var source in status.Sources)
        {
            if (source.Problem is { } problem)
                yield return $"The discovery source '{source.Name}' gives no whole answer: {problem.TrimEnd('.')}.";
            if (source.LacksSelf)
                yield return $"The discovery source '{source.Name}' does not name this node, which it should.";
        }
    }

    private static IEnumerable<string> Certificates(NodeStatus status)
    {
        if (status.Node.CertificatesProblem is { } problem)
            yield return $"The files of certificates have changed and cannot be used; what was there before stays in use. {problem}";
        foreach (var certificate in status.Certificates)
        {
            if (certificate.SecondsLeft <= 0)
                yield return $"A certificate has expired: {certificate.Subject}, {Ago.Text(-certificate.SecondsLeft)} ago. New links cannot be made; those that are up live on.";
            else if (certificate.SecondsLeft < EndsSoon.TotalSeconds)
                yield return $"A certificate ends in {Ago.Text(certificate.SecondsLeft)}: {certificate.Subject}.";
        }
    }

    private static IEnumerable<string> Load(NodeStatus status)
    {
        if (status.Node.PoolDelaySeconds >= LateSeconds)
            yield return $"Work waits {Ago.Text(status.Node.PoolDelaySeconds)} for a thread of the pool: something blocks its threads.";
        if (status.Node.TickDelaySeconds >= LateSeconds)
            yield return $"The last tick was {Ago.Text(status.Node.TickDelaySeconds)} late: this program does not get the processor.";
    }

    private static string Count(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";

    private static string Rest(int count) => count > MostNamed ? $"; and {count - MostNamed} more" : "";
}
