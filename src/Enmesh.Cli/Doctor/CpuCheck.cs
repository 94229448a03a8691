using System.Globalization;

namespace Enmesh.Cli.Doctor;

/// <summary>Is this container kept from running, again and again? Ticks, handshakes and answers come late then.</summary>
internal sealed class CpuCheck : ICheck
{
    private const string Step = "cpu";

    // More than one period of a hundred milliseconds in twenty is felt.
    private const double Notable = 0.05;

    private static readonly string[] Places = ["/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat", "/sys/fs/cgroup/cpu,cpuacct/cpu.stat"];

    public Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (Places.Select(examination.Around.Read).FirstOrDefault(text => text is not null) is not { } text)
            return Task.CompletedTask;
        var figures = text.Split('\n').Select(line => line.Split(' ')).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => long.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0, StringComparer.Ordinal);
        var (periods, throttled) = (figures.GetValueOrDefault("nr_periods"), figures.GetValueOrDefault("nr_throttled"));
        if (periods == 0)
            return Task.CompletedTask; // there is no limit
        // Version 2 counts microseconds, version 1 nanoseconds.
        var lost = TimeSpan.FromMicroseconds(figures.TryGetValue("throttled_usec", out var micro) ? micro : figures.GetValueOrDefault("throttled_time") / 1000);
        var words = FormattableString.Invariant($"{throttled} of {periods} periods throttled ({(double)throttled / periods:0.0%}), {lost.TotalSeconds:0.0} s in all");
        if ((double)throttled / periods > Notable)
            examination.Report(Step, Diagnoses.CpuThrottled, $"{words}.");
        else
            examination.Good(Step, $"{words}.");
        return Task.CompletedTask;
    }
}
