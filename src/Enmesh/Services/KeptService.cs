using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>
/// A service of the node under its name, started again when somebody kills it, as the kernel's supervisor does on a
/// BEAM: any peer can send it an exit signal <c>kill</c>.
/// </summary>
internal static class KeptService
{
    /// <summary>Starts it.</summary>
    /// <param name="runtime">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="body">What it does, from the beginning each time.</param>
    /// <param name="logger">Where a restart is reported.</param>
    /// <param name="isSystem">Whether its turns are done by a thread of the node, as those of nearly all
    /// services.</param>
    /// <returns>The process of the first start.</returns>
    /// <exception cref="InvalidOperationException">The name is taken, and nothing was started.</exception>
    internal static Pid Start(
        ProcessRuntime runtime, Atom name, Func<ProcessContext, Task> body, ILogger logger, bool isSystem = true)
    {
        var options = new SpawnOptions { Name = name, IsSystem = isSystem };
        var first = runtime.Spawn(body, options);
        runtime.Spawn(
            async keeper =>
            {
                keeper.TrapExit = true;
                for (var present = first; !runtime.IsEnding; present = runtime.Spawn(body, options))
                {
                    var monitor = runtime.MonitorHere(keeper, present.Self);
                    await keeper.ReceiveAsync(message => IsOf(monitor, message)).ConfigureAwait(false);
                    if (runtime.IsEnding)
                        return;
                    logger.ServiceRestarted(name.Text);
                }
            },
            new SpawnOptions { IsSystem = true });
        return first.Self;
    }

    private static bool IsOf(Reference monitor, Term message) =>
        message.TupleElements is [_, { Reference: { } reference }, ..] && reference == monitor;
}
