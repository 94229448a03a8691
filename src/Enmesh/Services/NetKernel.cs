using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>The process <c>net_kernel</c>: answers <c>net_adm:ping/1</c>.</summary>
internal static class NetKernel
{
    internal static readonly Atom Name = new("net_kernel");
    private static readonly Atom IsAuth = new("is_auth");
    private static readonly Atom Yes = new("yes");

    internal static Term PingRequest(NodeName self) => Term.Tuple(IsAuth, self.Atom);

    internal static bool IsYes(Term reply) => reply.IsAtom(Yes);

    internal static async Task RunAsync(ProcessContext context)
    {
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (CallRequest.TryRead(message, out var call))
                context.Reply(call, Answer(call.Request));
        }
    }

    // Whoever gets as far as to ask has proved the cookie. What net_kernel knows besides is answered as it answers
    // what it does not know, so that no caller waits for its time-out.
    private static Term Answer(Term request) => request.TupleElements is [{ Atom: { } tag }, _] && tag == IsAuth
        ? Yes
        : Term.Tuple(Atoms.Error, new Atom("badarg"));
}
