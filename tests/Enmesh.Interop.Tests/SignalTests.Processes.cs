using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Interop.Tests;

// Processes of ours that do what a real node tells them.
public sealed partial class SignalTests
{
    private static async Task AnswerAsync(ProcessContext context, Term answer)
    {
        while (true)
        {
            if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, answer);
        }
    }

    // Makes a process for each call; each does as it is told.
    private static async Task ServeAsync(ProcessContext context)
    {
        while (true)
        {
            if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
                context.Reply(call, context.Spawn(ObeyAsync));
        }
    }

    private static async Task ObeyAsync(ProcessContext context)
    {
        while (true)
        {
            var message = await context.ReceiveAsync();
            if (message.TupleElements is [{ AtomText: "trap" }, { Pid: { } asker }])
            {
                context.TrapExit = true;
                await context.SendAsync(asker, Term.Tuple(new Atom("trapping"), context.Self));
            }
            else if (message.TupleElements is [{ AtomText: "exit" }, var reason])
                throw new ProcessExitException(reason);
            else if (message.Atom is not null)
                throw new ProcessExitException(message);
        }
    }

    private static async Task<List<Term>> RunAsync(ErlangNode node, Func<ProcessContext, List<Term>, Task> body)
    {
        var done = new TaskCompletionSource<List<Term>>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            var result = new List<Term>();
            try
            {
                await body(context, result);
                done.SetResult(result);
            }
#pragma warning disable CA1031 // handed to the test
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        return await done.Task.WaitAsync(Patience);
    }
}
