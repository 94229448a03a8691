using System.Diagnostics;
using System.Globalization;

namespace Enmesh.Bench;

/// <summary>How long something took, and whose CPU time went into it; read from /proc, in grains of 10 ms.</summary>
internal readonly record struct Usage(double Wall, double Self, double Target, double Other)
{
    private const double TicksPerSecond = 100;

    internal double Nanoseconds => Wall * 1e9;

    internal IEnumerable<(string Name, double Value)> Parameters =>
        [("wall_s", Wall), ("cpu_self", Self), ("cpu_target", Target), ("cpu_other", Other)];

    public static Usage operator +(Usage one, Usage other) =>
        new(one.Wall + other.Wall, one.Self + other.Self, one.Target + other.Target, one.Other + other.Other);

    /// <summary>
    /// Measures a piece of work of this process with the process beside it that PEER_TARGET_PID names.
    /// </summary>
    internal static async Task<Usage> OfAsync(Func<Task> work)
    {
        var before = Reading.Now(Settings.Optional("PEER_TARGET_PID"));
        await work();
        return Reading.Now(Settings.Optional("PEER_TARGET_PID")) - before;
    }

    /// <summary>Measures a piece of work of this process alone.</summary>
    internal static Usage Of(Action work)
    {
        var before = Reading.Now(target: null);
        work();
        return Reading.Now(target: null) - before;
    }

    private readonly record struct Reading(long Timestamp, double Self, double Target, double Machine)
    {
        private static readonly string OwnId = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

        internal static Reading Now(string? target) =>
            new(Stopwatch.GetTimestamp(), OfProcess(OwnId), OfProcess(target), OfMachine());

        public static Usage operator -(Reading after, Reading before)
        {
            var (self, target) = (after.Self - before.Self, after.Target - before.Target);
            return new Usage(
                Stopwatch.GetElapsedTime(before.Timestamp, after.Timestamp).TotalSeconds, self, target,
                Math.Max(0, after.Machine - before.Machine - self - target));
        }
    }

    private static double OfProcess(string? id)
    {
        if (id is null || Read($"/proc/{id}/stat") is not { } stat)
            return 0;
        // Fields are counted from behind the name, which may hold spaces.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Parse(fields[11]) + Parse(fields[12])) / TicksPerSecond;
    }

    /// <summary>Busy seconds of the whole machine, less those of the spinners that keep it awake.</summary>
    private static double OfMachine()
    {
        if (Read("/proc/stat") is not { } stat)
            return 0;
        var fields = stat[..stat.IndexOf('\n', StringComparison.Ordinal)].Split(
            ' ', StringSplitOptions.RemoveEmptyEntries);
        // user, nice, system, irq, softirq
        var busy = (Parse(fields[1]) + Parse(fields[2]) + Parse(fields[3]) + Parse(fields[6]) + Parse(fields[7])) / TicksPerSecond;
        foreach (var spinner in
            (Settings.Optional("PEER_AWAKE_PIDS") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            busy -= OfProcess(spinner);
        return busy;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null; // no such process, or no such system
        }
    }

    private static double Parse(string field) => double.Parse(field, CultureInfo.InvariantCulture);
}
