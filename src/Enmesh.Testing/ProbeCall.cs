using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Testing;

/// <summary>A call that a <see cref="TestProbe"/> has taken, and may answer: now, later or never.</summary>
public sealed class ProbeCall
{
    private readonly TestProbe _probe;
    private readonly CallRequest _call;

    internal ProbeCall(TestProbe probe, CallRequest call)
    {
        _probe = probe;
        _call = call;
    }

    /// <summary>What is asked.</summary>
    public Term Request => _call.Request;

    /// <summary>Who asks.</summary>
    public Pid From => _call.From;

    /// <summary>
    /// Answers it, and waits until all that follows is over. Too late an answer goes nowhere, as between real
    /// processes.
    /// </summary>
    /// <exception cref="TestFailureException">The processes do not come to rest.</exception>
    public Task ReplyAsync(Term reply)
    {
        _probe.Context.Reply(_call, reply);
        return _probe.Node.Cluster.SettleAsync();
    }
}
