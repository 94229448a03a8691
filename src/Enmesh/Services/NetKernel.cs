using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>What <c>net_kernel</c> knows and does for others.</summary>
internal sealed record NetKernelSettings
{
    internal required AllowList AllowList { get; init; }

    internal required NetTickClock Ticks { get; init; }

    /// <summary>Connects to a node; false when that fails.</summary>
    internal required Func<NodeName, CancellationToken, Task<bool>> Connect { get; init; }

    /// <summary>Ends the link to a node; false when there is none.</summary>
    internal required Func<NodeName, Task<bool>> Disconnect { get; init; }

    internal bool ShortNames { get; init; }

    /// <summary>Whether another node gave this one its name.</summary>
    internal bool HasDynamicName { get; init; }

    /// <summary>
    /// Whether peers may have this node connect, disconnect, change its allow list and its net_ticktime.
    /// </summary>
    internal bool ManagedByPeers { get; init; }
}

/// <summary>
/// The process <c>net_kernel</c>: answers <c>net_adm:ping/1</c> and the other requests that a BEAM's answers over
/// the net. It never waits itself: what takes time is done by a process of its own.
/// </summary>
internal sealed partial class NetKernel(ProcessRuntime runtime, NetKernelSettings settings)
{
    internal static readonly Atom Name = new("net_kernel");
    private static readonly Atom IsAuth = new("is_auth");
    private static readonly Atom Yes = new("yes");
    private static readonly Atom Normal = new("normal");
    private static readonly Atom NoLink = new("no_link");
    private static readonly Term Refused = Term.Tuple(Atoms.Error, new Atom("refused"));
    private static readonly Term BadArg = Term.Tuple(Atoms.Error, new Atom("badarg"));
    private static readonly Term NoConnection = Term.Tuple(Atoms.Error, ExitReason.NoConnection);
    private static readonly Term NotSupported = Term.Tuple(Atoms.Error, new Atom("enotsup"));

    // As a spawn function of OTP 23 expects a failure.
    private static readonly Term SpawnRefused = Term.Tuple(new Atom("EXIT"), Term.Tuple(new Atom("notsup"), Term.Nil));

    internal static Term PingRequest(NodeName self) => Term.Tuple(IsAuth, self.Atom);

    internal static bool IsYes(Term reply) => reply.IsAtom(Yes);

    internal async Task RunAsync(ProcessContext context)
    {
        context.TrapExit = true;
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (CallRequest.TryRead(message, out var call))
                Answer(context, call);
        }
    }

    /// <summary>Starts the service, which nobody ends for long.</summary>
    internal void Start(ILogger logger) => KeptService.Start(runtime, Name, RunAsync, logger);

    private void Answer(ProcessContext context, CallRequest call)
    {
        var answer = call.Request.Atom is { } question ? AnswerTo(question.Text) : AnswerTo(call);
        if (answer is { } known)
            context.Reply(call, known);
    }

    private Term AnswerTo(string question) => question switch
    {
        "get_state" => State(),
        "longnames" => !settings.ShortNames,
        "allowed" => Term.Tuple(
            Atoms.Ok, Term.List([.. settings.AllowList.Allowed.Select(entry => (Term)new Atom(entry))])),
        "ticktime" => Milliseconds(),
        // A BEAM leaves the caller waiting for its time-out.
        _ => BadArg,
    };

    /// <returns>Null when the answer comes later, or not from here.</returns>
    private Term? AnswerTo(CallRequest call)
    {
        var elements = call.Request.TupleElements;
        if (elements.IsEmpty || elements[0].AtomText is not { } verb)
            return BadArg;
        switch (verb, elements.Length)
        {
            case ("is_auth", 2):
                return Yes; // whoever gets as far as to ask has proved the cookie
            case ("connect", 3):
                return Connect(call, elements[2]);
            case ("disconnect", 2):
                return Disconnect(call, elements[1]);
            case ("allow", 2):
                return Allow(elements[1]);
            case ("new_ticktime", 3):
                return NewTickTime(elements[1], elements[2]);
            case ("verbose", 2):
                return 0; // the level before
            case ("getopts", 3) or ("setopts", 3):
                var exists = elements[1].Atom is { } node && (node.Text == "new" || runtime.FindLink(node) is not null);
                return exists ? NotSupported : NoConnection;
            case ("spawn", 5) or ("spawn_link", 5):
                return Spawn(call, elements[1], elements[2], elements[3], elements[4], verb == "spawn_link");
            case ("spawn_opt", 7):
                return Spawn(call, elements[1], elements[2], elements[3], elements[6], !elements[5].IsAtom(NoLink));
            default:
                return BadArg;
        }
    }

    private Term State() => Term.Map(
        (new Atom("name"), runtime.Name.Atom),
        (new Atom("started"), new Atom("static")),
        (new Atom("name_domain"), new Atom(settings.ShortNames ? "shortnames" : "longnames")),
        (new Atom("name_type"), new Atom(settings.HasDynamicName ? "dynamic" : "static")));
}
