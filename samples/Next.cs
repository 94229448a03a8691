using Enmesh;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Samples;

/// <summary>Says what to try, once the program runs.</summary>
internal static class Next
{
    internal static IHost SayNext(this IHost host, Func<ErlangNode, string> text)
    {
        var node = host.Services.GetRequiredService<ErlangNode>();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(() =>
        {
            Console.WriteLine($"{node.Name} is running; Ctrl-C ends it. Try, in another terminal:");
            Console.WriteLine();
            foreach (var line in text(node).Split('\n'))
                Console.WriteLine($"    {line}");
            Console.WriteLine();
        });
        return host;
    }
}
