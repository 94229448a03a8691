using System.Globalization;
using System.Net;

namespace Enmesh.Trial;

/// <summary>What <c>deploy/images/trial</c> needs beside its pods.</summary>
internal static class Program
{
    private const int Usage = 64;

    internal static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["api", var address, var directory] when IPEndPoint.TryParse(address, out var at):
                return await StandIn.RunAsync(at, directory);
            case ["calls", var rate, var members, var until]:
                return await Caller.RunAsync(Number(rate), Number(members), until);
            default:
                await Console.Error.WriteLineAsync(
                    """
                    Usage: Enmesh.Trial api ADDRESS:PORT DIRECTORY
                             an API server for pods, with an issuer; what they need to know of it goes into the directory
                           Enmesh.Trial calls RATE MEMBERS FILE
                             a node that calls the members of the group erlclu in turn, so often in a second, from when there are so many of them until
                             there is the file; its settings come from the environment, as those of any node
                    """);
                return Usage;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
