namespace Enmesh.Bench;

/// <summary>A figure of Enmesh's beside the same one of the BEAM's, from the same rounds.</summary>
/// <param name="Setting">What was measured.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Enmesh">The median of the rounds used.</param>
/// <param name="Peer">The same of the BEAM.</param>
/// <param name="Ratio">The median of the rounds' ratios.</param>
/// <param name="Rounds">How many rounds there were.</param>
/// <param name="Used">How many of them count.</param>
/// <param name="Disturbed">Whether there was none without others keeping the machine busy, so that all count.</param>
/// <param name="Bar">How it is judged.</param>
internal sealed record Comparison(
    Setting Setting, string Unit, double Enmesh, double Peer, double Ratio, int Rounds, int Used, bool Disturbed,
    Bar Bar)
{
    // As the command is published, and compiled to native code.
    private static readonly string[] Ours = ["enmesh", "native"];
    private const string Theirs = "beam";

    /// <summary>
    /// Rounds in which others kept more cores than this busy are left out as long as there are better ones.
    /// </summary>
    private static readonly double MaxOtherCores =
        double.Parse(Settings.Optional("PEER_MAX_OTHER") ?? "0.25", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Compares all that there is of both.</summary>
    internal static IReadOnlyList<Comparison> Of(IReadOnlyCollection<Measurement> measurements)
    {
        // How fast the BEAM starts is measured towards a BEAM, and so is our start.
        var groups = measurements
            .Where(measurement => measurement.Value is not null
                && !measurement.Setting.Name.EndsWith(".rate", StringComparison.Ordinal))
            .GroupBy(measurement => measurement.Setting)
            .ToDictionary(group => group.Key, group => group.ToList());
        List<Comparison> all = [];
        foreach (var (setting, ours) in groups)
        {
            if ((Ours.Contains(setting.Sender) || Ours.Contains(setting.Receiver))
                && groups.TryGetValue(Counterpart(setting), out var theirs)
                && Compare(setting, ours, theirs) is { } comparison)
            {
                all.Add(comparison);
            }
        }
        all.AddRange(Means(all, "encode"));
        all.AddRange(Means(all, "decode"));
        return all;
    }

    private static Setting Counterpart(Setting setting) =>
        setting with { Sender = Theirs, Receiver = setting.Receiver.Length > 0 ? Theirs : "" };

    private static Comparison? Compare(Setting setting, List<Measurement> ours, List<Measurement> theirs)
    {
        // What was measured in one round was measured side by side: only that is comparable.
        var rounds = ours
            .Join(theirs, one => one.Run, other => other.Run, (one, other) => (Ours: one, Theirs: other))
            .ToList();
        var clean = rounds
            .Where(round => Math.Max(round.Ours.OtherCores, round.Theirs.OtherCores) <= MaxOtherCores)
            .ToList();
        var used = clean.Count > 0 ? clean : rounds;
        if (used.Count == 0)
            return null;
        var isBoot = setting.Name.StartsWith("boot.", StringComparison.Ordinal);
        var allOurs = Ours.Contains(setting.Sender) && (isBoot || setting.Receiver == "" || Ours.Contains(setting.Receiver));
        return new Comparison(
            setting,
            ours[0].Unit,
            Median(used.Select(round => round.Ours.Value!.Value)),
            Median(used.Select(round => round.Theirs.Value!.Value)),
            Median(used.Select(round => round.Ours.Value!.Value / round.Theirs.Value!.Value)),
            rounds.Count,
            used.Count,
            clean.Count == 0,
            Bar.Of(setting.Name, ours[0].Unit, allOurs, setting.Tls));
    }

    /// <summary>The geometric mean over the corpus: no term counts more than another.</summary>
    private static IEnumerable<Comparison> Means(List<Comparison> all, string direction)
    {
        var terms = all.Where(one => one.Setting.Name.StartsWith("terms.", StringComparison.Ordinal)
            && one.Setting.Name.EndsWith($".{direction}", StringComparison.Ordinal)).ToList();
        if (terms.Count == 0)
            yield break;
        var name = $"terms.{direction}";
        yield return terms[0] with
        {
            Setting = terms[0].Setting with { Name = name },
            Enmesh = GeometricMean(terms.Select(term => term.Enmesh)),
            Peer = GeometricMean(terms.Select(term => term.Peer)),
            Ratio = GeometricMean(terms.Select(term => term.Ratio)),
            Disturbed = terms.Any(term => term.Disturbed),
            Bar = Bar.Of(name, terms[0].Unit, allEnmesh: true),
        };
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static double GeometricMean(IEnumerable<double> values)
    {
        var logs = values.Select(value => Math.Log(value)).ToList();
        return Math.Exp(logs.Sum() / logs.Count);
    }
}
