using Enmesh.Cli.Consoles;

namespace Enmesh.Cli.Doctor;

/// <summary>How findings are told: one line for a step, below it what to do.</summary>
internal static class DoctorReport
{
    private const int StepWidth = 12;
    private const int VerdictWidth = 4;

    /// <summary>Tells one finding.</summary>
    internal static void Print(Finding finding)
    {
        var node = finding.Node is null ? "" : $"{finding.Node}: ";
        var id = finding.Diagnosis is { } diagnosis ? $"  [{diagnosis.Id}]" : "";
        Write($"{Word(finding.Severity),-VerdictWidth}  {finding.Step,-StepWidth}{node}{finding.Text}{id}");
        if (finding.WhatToDo is { } advice && finding.Severity is Severity.Failure or Severity.Warning)
            Write($"{"",VerdictWidth + 2}{"what to do:",-StepWidth}{advice}");
    }

    /// <summary>Tells what it comes to.</summary>
    internal static void PrintEnd(Examination examination)
    {
        int Count(Severity severity) => examination.Findings.Count(finding => finding.Severity == severity);
        var (failures, warnings) = (Count(Severity.Failure), Count(Severity.Warning));
        var first = examination.Findings.FirstOrDefault(finding => finding.Severity == Severity.Failure)
            ?? examination.Findings.FirstOrDefault(finding => finding.Severity == Severity.Warning);
        Console.Out.WriteLine();
        if (first is null)
            Write("Nothing is wrong.");
        else
            Write($"{Number(failures, "failure")}, {Number(warnings, "warning")}. Begin with {first.Diagnosis!.Id}{(first.Node is null ? "" : $" of {first.Node}")}. Exit status {examination.ExitStatus}.");
    }

    internal static DoctorResult Result(Examination examination) => new(
        examination.Self?.Text, examination.Target?.Text, Name(examination.Worst), examination.ExitStatus,
        [.. examination.Findings.Select(finding => new FindingResult(
            finding.Step, finding.Node, Name(finding.Severity), finding.Diagnosis?.Id, finding.Diagnosis is { } diagnosis ? Name(diagnosis.Class) : null,
            finding.Text, finding.WhatToDo))]);

    // What peers say of themselves is in it.
    private static void Write(string line) => Console.Out.WriteLine(TerminalText.Safe(line.Replace('\n', ' ')));

    private static string Number(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Word(Severity severity) => severity switch
    {
        Severity.Good => "ok",
        Severity.Note => "note",
        Severity.Skipped => "-",
        Severity.Warning => "WARN",
        _ => "FAIL",
    };
}
