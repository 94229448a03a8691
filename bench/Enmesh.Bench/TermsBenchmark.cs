using System.Diagnostics;
using System.Globalization;
using Enmesh.Terms;
using Enmesh.Terms.External;

namespace Enmesh.Bench;

/// <summary>The verb <c>terms</c>: how fast the terms of a corpus are encoded and decoded.</summary>
/// <remarks>
/// Encoding makes a byte array of its own, as <c>term_to_binary</c> makes a binary; decoding makes the whole term.
/// Atoms are interned in one table, as a node does for its peers and as the BEAM does.
/// </remarks>
internal static class TermsBenchmark
{
    // The runtime compiles what is hot in the background, once it has been quiet for 100 ms, and not all of it at once.
    // A node runs for days.
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(700);

    internal static void Run(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory, "*.etf").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var terms = long.Parse(
                File.ReadAllText(Path.ChangeExtension(file, ".terms")), CultureInfo.InvariantCulture);
            Measure(name, File.ReadAllBytes(file), terms);
        }
    }

    private static void Measure(string name, byte[] bytes, long terms)
    {
        var options = new TermDecodeOptions { Atoms = new AtomTable() };
        var term = ExternalTermFormat.Decode(bytes, options);
        // The bytes may differ: older releases write atoms and pairs of maps in other ways.
        if (ExternalTermFormat.Decode(ExternalTermFormat.Encode(term), options) != term)
            throw new InvalidDataException($"{name} does not come back from encoding as it was.");
        Measure(name, "encode", bytes.Length, terms, () => ExternalTermFormat.Encode(term).Length);
        Measure(name, "decode", bytes.Length, terms, () => (int)ExternalTermFormat.Decode(bytes, options).Kind);
    }

    private static void Measure(string name, string direction, int bytes, long terms, Func<int> work)
    {
        var span = TimeSpan.FromMilliseconds(Settings.Count("TERMS_MS", 1000));
        Repeat(work, span * 0.3 > WarmUp ? span * 0.3 : WarmUp);
        var operations = 0L;
        var usage = Usage.Of(() => operations = Repeat(work, span));
        List<(string, double)> parameters =
            [("operations", operations), ("bytes", bytes), ("terms", terms), .. usage.Parameters];
        Figures.Emit(
            $"terms.{name}.{direction}", operations * (double)bytes * 1000 / usage.Nanoseconds, "MB/s", parameters);
        Figures.Emit(
            $"terms.{name}.{direction}.rate", operations * (double)terms * 1e9 / usage.Nanoseconds, "terms/s",
            parameters);
    }

    private static long Repeat(Func<int> work, TimeSpan span)
    {
        var start = Stopwatch.GetTimestamp();
        var operations = 0L;
        do
        {
            work();
            operations++;
        }
        while (Stopwatch.GetElapsedTime(start) < span);
        return operations;
    }
}
