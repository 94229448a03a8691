using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.TestingTests;

/// <summary>
/// A server as a user of the library writes one: it holds places for ten seconds, tells its subscriber of every second that passes, and asks another
/// server for prices.
/// </summary>
internal sealed class Stock(int free, ProcessAddress? prices = null) : GenServer
{
    private static readonly TimeSpan HoldTime = TimeSpan.FromSeconds(10);
    private readonly HashSet<Reference> _held = [];
    private Pid? _subscriber;

    protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
    {
        switch (request)
        {
            case { AtomText: "free" }:
                return Reply(free);
            case { AtomText: "hold" } when free == 0:
                return Reply(new Atom("sold_out"));
            case { AtomText: "hold" }:
                free--;
                var hold = Context.StartTimer(HoldTime, Context.Self, new Atom("release"));
                _held.Add(hold);
                return Reply(hold);
            case { AtomText: "price" }:
                _ = AskPriceAsync(call);
                return NoReply();
            case { AtomText: "price_with_patience" }:
                return AnswerPriceAsync();
            case { TupleElements: [{ AtomText: "subscribe" }, { Pid: { } subscriber }] }:
                _subscriber = subscriber;
                Context.SendAfter(TimeSpan.FromSeconds(1), Context.Self, new Atom("tick"));
                return Reply(Atoms.Ok);
            default:
                throw new InvalidOperationException($"{request} is not known here");
        }
    }

    protected override async ValueTask<ServerResult> HandleInfoAsync(Term message)
    {
        switch (message)
        {
            case { TupleElements: [{ AtomText: "timeout" }, { Reference: { } hold }, _] } when _held.Remove(hold):
                free++;
                break;
            case { AtomText: "tick" }:
                await Context.SendAsync(_subscriber!, Term.Tuple(new Atom("tick"), (long)Context.TimeProvider.GetUtcNow().Second));
                Context.SendAfter(TimeSpan.FromSeconds(1), Context.Self, new Atom("tick"));
                break;
        }
        return NoReply();
    }

    private async Task AskPriceAsync(CallRequest call)
    {
        var price = await Context.CallAsync(prices!.Value, new Atom("price"));
        Context.Reply(call, price);
    }

    private async ValueTask<CallResult> AnswerPriceAsync()
    {
        try
        {
            return Reply(await Context.CallAsync(prices!.Value, new Atom("price"), TimeSpan.FromSeconds(2)));
        }
        catch (TimeoutException)
        {
            return Reply(new Atom("unknown"));
        }
    }
}
