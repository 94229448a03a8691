using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services;

/// <summary>Questions in other protocols than that of <c>gen_server</c>.</summary>
internal static class Asking
{
    /// <summary>Asks a process and waits for the answer, in the process's own mailbox.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="to">Who is asked.</param>
    /// <param name="question">The message, given a reference of its own.</param>
    /// <param name="answer">The answer in a message; null when it is none.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <exception cref="CallExitException">It has ended, does not exist, or is out of reach.</exception>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    internal static async ValueTask<Term> AskAsync(
        this ProcessContext context, ProcessAddress to, Func<Reference, Term> question,
        Func<Term, Reference, Term?> answer, TimeSpan timeout)
    {
        var monitor = await context.MonitorAsync(to).ConfigureAwait(false);
        try
        {
            await context.SendAsync(to, question(monitor)).ConfigureAwait(false);
            Term? reply = null;
            Term? reason = null;
            _ = await context.ReceiveAsync(message => (reply = answer(message, monitor)) is not null
                || (reason = ReasonOf(message, monitor)) is not null, timeout)
                .ConfigureAwait(false);
            if (reply is { } found)
                return found;
            throw reason is { } down
                ? new CallExitException(to, down)
                : new TimeoutException($"{to} did not answer in time.");
        }
        finally
        {
            context.Demonitor(monitor, flush: true);
        }
    }

    // {'DOWN', Monitor, process, Who, Reason}
    private static Term? ReasonOf(Term message, Reference monitor) =>
        message.TupleElements is [{ Atom: { } tag }, { Reference: { } own }, _, _, var reason]
            && tag == GenAtoms.Down && own == monitor
                ? reason
                : (Term?)null;
}
