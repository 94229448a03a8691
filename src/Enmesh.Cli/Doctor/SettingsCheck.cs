namespace Enmesh.Cli.Doctor;

/// <summary>Do the settings of the node make sense, each for itself and together?</summary>
internal sealed class SettingsCheck : ICheck
{
    private const string Step = "settings";

    public Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var problems = examination.Configuration.Problems
            // Who only wants to know about another node needs no name of its own.
            .Where(problem => examination.HasOwnName || !problem.StartsWith($"{examination.Configuration.Section.Path}:{nameof(ErlangNodeOptions.Name)}:", StringComparison.Ordinal))
            .ToList();
        if (examination is { HasOwnName: true, Options: { } options }
            && NodePlan.PlainTcpProblem(options, examination.Around.Environment) is { } plain)
            examination.Report(Step, Diagnoses.PlainTcp, plain);
        foreach (var problem in problems)
            examination.Report(Step, Diagnoses.Settings, problem);
        if (problems.Count == 0)
            examination.Good(Step, "they make sense.");
        return Task.CompletedTask;
    }
}
