using Enmesh.Bench;

// Erlang's peers tell the driver with this status that they cannot do what they are asked for (sysexits.h: usage).
const int Unsupported = 64;

try
{
    switch (args)
    {
        case ["recv"]:
            await ReceivingPeer.RunAsync();
            return 0;
        case ["send", .. var benchmarks]:
            return await SendingPeer.RunAsync(benchmarks) ? 0 : 1;
        case ["boot"]:
            await StartingPeer.RunAsync(stay: TimeSpan.Zero);
            return 0;
        case ["idle"]:
            await StartingPeer.RunAsync(stay: TimeSpan.FromSeconds(60));
            return 0;
        case ["mesh"]:
            await MeshPeer.RunAsync();
            return 0;
        case ["local"]:
            await LocalPeer.RunAsync();
            return 0;
        case ["crowd", var transport, var count]:
            await Crowd.RunAsync(transport, count);
            return 0;
        case ["terms", var directory]:
            TermsBenchmark.Run(directory);
            return 0;
        case ["report", var results, var ratios]:
            return Report.Run(results, ratios, Console.Out);
        default:
            Console.Error.WriteLine(
                "usage: Enmesh.Bench recv|send BENCH...|boot|idle|mesh|local|crowd tcp|memory N|terms DIR|report RESULTS RATIOS");
            return Unsupported;
    }
}
catch (NotSupportedException e)
{
    Console.Error.WriteLine(e.Message);
    return Unsupported;
}
